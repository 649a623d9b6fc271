"""Sentences as analysts write them. ANSWERABLE: from a picture alone, by the built-in model, well or badly.

LOOKS_UNANSWERABLE: lines of questions with the words of unanswerable ones, which a picture answers nevertheless.
"""

ANSWERABLE = """
Is there any water?
Are there any buildings in this tile?
Is a swimming pool visible?
Do you see solar panels on the roofs?
Are trees present?
Does the image contain a railway line?
Is there a ship docked at the pier?
Any cars in the parking lot?
Can you see an airplane?
How many cars are there?
How many airplanes are parked on the apron?
Count the ships in the harbor.
What is the number of storage tanks?
Number of houses
How many trees stand next to the road?
Where is the airplane?
Where are the boats?
In which part of the picture is the river?
Which corner shows the lake?
Where can I find the parking lot?
What kind of area is this?
What type of land use is shown?
Which land cover dominates?
What is the main land use here?
Is it urban or rural?
Is this residential, industrial or commercial?
What does the image show?
Describe the scene.
Describe the roads in one sentence.
What can be seen in the center?
What is next to the river?
What is the dominant color?
What color is the roof of the large building?
Is the field harvested?
Is the road paved?
Are the tanks white?
Are there more trees than buildings?
Is the area densely built up?
Is there construction going on?
Is there any sign of flooding?
Are there people on the beach?
Are there vehicles that are parked on the grass?
Were any buildings damaged?
Is the land use of this parcel agriculture?
Does a bridge cross the river?
What crops are grown here?
Is it a football field or a tennis court?
Are there clouds or shadows hiding the ground?
What is between the two roads?
How much of the tile is covered by trees?
""".strip().splitlines()

NOT_ANSWERABLE = """
Why are there so few cars?
Why was this forest cut down?
Can you explain why the river is brown?
How come the parking lot is empty?
What is the reason for the bare soil?
What caused the damage to the roof?
Who owns this building?
Who lives here?
Whose car is this?
Please tell me who built the bridge.
Which brand are the cars?
What make is the red car?
Which company runs this factory?
Which airline does the plane belong to?
What is the name of this river?
What is this place called?
Which city is this?
What country was this taken in?
What is the address of the house?
In what state is this airport?
When was this picture taken?
Which year was the house built?
What time of day is it?
What season is it?
What was the date of the flight?
Has the area changed since 2015?
Have the fields grown recently?
Was there a building here before 2010?
What was here last year?
Did this use to be a forest, and how long ago?
Will the river flood the town?
What will be built here next year?
How tall is the tower?
How high are the trees?
How deep is the lake?
How old are these houses?
How much is this property worth?
How much does the land cost?
How wide is the road?
What percentage is sealed?
What is the area of the field in hectares?
What is the temperature of the water?
Should we buy this land?
Do you like this place?
这里有水吗？
ここに木はありますか？
Есть ли здесь вода?
Gibt es hier Wasser?
Combien de voitures y a-t-il ?
¿Cuántos coches hay?
""".strip().splitlines()

LOOKS_UNANSWERABLE = """
size[choice(small|medium|large)]: How large is the biggest building?
season[choice(summer|winter)]: Which season does it look like?
age[choice(young|mature)]: How old is the forest?
height[choice(low|high)]: How high is the building density?
width[choice(one lane|two lanes)]: How wide is the road?
brand[choice(airliner|fighter)]: What make is the airplane?
state[choice(ploughed|growing|harvested)]: What state is the field in?
time[choice(day|night)]: What time of day is it?
How high is the building density: low, medium or high?
How wide is the road: one lane or two?
How old is the forest: young or mature?
How large are the houses, small or big?
What state is the field in: ploughed, growing or harvested?
What state is the field in?
What state is the road in?
What is the person doing?
What are the people doing?
What is the person next to the car holding?
What is the street made of?
What is the street lined with?
What is the make-up of the area?
What is the time series chart?
What is the height map showing?
What is the length-wise pattern?
What is the city center dominated by?
Which street has more cars?
Which street is empty?
Which street is the widest?
Which street is wider than the other?
Which city block contains the pool?
Which country road crosses the river?
Which person stands next to the pool?
Which company car stands in the yard?
What street markings are visible?
What street furniture do you see?
What city features are visible?
What speed boats do you see?
What speed bumps are there?
What day use facilities are there?
What time signals are there?
What age groups of trees are visible?
What price signs do you see?
What date palms are there?
What season crops are visible?
What operator buildings are next to the tower?
What sensor masts are on the roof?
Hay bales visible?
Red hay barn?
Hay?
Las Vegas strip?
Los Angeles freeway?
Las Vegas strip, Los Angeles freeway?
El Paso airport?
Who or what is on the runway?
Who is on the beach?
Who is standing on the pier?
Who can be seen next to the pool?
cut[yesno]: Was the forest cut in 2020?
Was the forest cut in 2020?
hit[yesno]: Will the ship hit the pier?
grown[yesno]: Have the crops grown?
large[yesno]: Is the field larger than 5 hectares?
before[yesno]: Was the road built before 2010?
season[yesno]: What season is it, is it winter?
""".strip().splitlines()
