"""Questions for a place, a number, presence or the kind of area are recognized in many wordings, and others are not."""

from __future__ import annotations

import time

import pytest

from rsgpt_backend.engine.questions.noun_phrases import NounPhrase
from rsgpt_backend.engine.questions.question_kind import KindOfQuestion, kind_of_question

PLACES = """
Where is the airplane?                                              | airplane
Where are the cars?                                                 | cars
where is the river                                                  | river
Where's the pond?                                                   | pond
Where is the red car in the picture?                                | red + car
Where in the image is the large white-roofed building?              | large white-roofed + building
Where, in this picture, are the ships?                              | ships
Where exactly is the bridge?                                        | bridge
Where are most of the buildings?                                    | buildings
Where does most of the water lie?                                   | water
Where are there trees?                                              | trees
Where is the bare ground?                                           | bare ground
Where is the brown and green field?                                 | brown green + field
Where is the row of parked cars?                                    | parked + cars
Where is the group of white tanks located?                          | white + tanks
Where is the swimming pool situated within this scene?              | swimming pool
Where is the car next to the house?                                 | car (next to the house)
Where is the airplane on the taxiway?                               | airplane (on the taxiway)
Where is the dark pond with a green rim?                            | dark + pond (with a green rim)
Where is the round end of the cul-de-sac?                           | round + end (of the cul-de-sac)
Where is it?                                                        | it
There is a river. Where is it?                                      | it
Where do you see trees?                                             | trees
Where do the ships lie?                                             | ships
Where does the road run?                                            | road
Where does the road end?                                            | road (end)
Where can I find the ship?                                          | ship
Where can the two white ships be seen?                              | white + ships
Where should I look for the group of green trees?                   | green + trees
Where are the airplanes parked?                                     | airplanes
Whereabouts is the bridge?                                          | bridge
Whereabouts in the image is the road?                               | road
What are the whereabouts of the ship?                               | ship
In which part of the picture is the lake?                           | lake
In what part of the scene can the runway be seen?                   | runway
In which corner is the swimming pool?                               | swimming pool
In which half of the image is the water?                            | water
On which side of the image is the river?                            | river
At which edge of the image is the road?                             | road
Which side is the river on?                                         | river
Which side or corner holds the two parked airplanes?                | parked + airplanes
Which part of the picture is covered by water?                      | water
Which part of the image contains the most buildings?                | buildings
What is the position of the storage tank?                           | storage tank
What's the location of the tennis court in this image?              | tennis court
What is the airplane's position?                                    | airplane
Give the position of the bridge.                                    | bridge
Locate the ship.                                                    | ship
Please locate the harbor basin in the image.                        | harbor basin
Can you tell me where the river is?                                 | river
Tell me where the two airplanes are parked.                         | airplanes
Could you please tell me in which part of the image the lake is?    | lake
Do you know where the control tower stands?                         | control tower
The lake is where?                                                  | lake
In the image, where is the forest?                                  | forest
Where is the lake? Answer in German.                                | lake
Where is the lake? Answer with a single phrase.                     | lake
A road is visible. Where is the lake?                               | lake
"""
NUMBERS = """
How many cars are there?                                            | cars
HOW MANY CARS ARE THERE                                             | cars
How many houses?                                                    | houses
How many are there?                                                 |
How many cars are there in the image?                               | cars
How many airplanes can you see?                                     | airplanes
How many airplanes are parked on the apron?                         | airplanes
How many airplanes are there on the ground?                         | airplanes
How many airplanes does this place have?                            | airplanes
How many ships are in the harbor?                                   | ships
How many ships are docked?                                          | ships
How many ships are docked at the pier?                              | ships (at the pier)
How many red cars are visible?                                      | red + cars
How many parked cars are there?                                     | parked + cars
How many white-roofed houses can be seen?                           | white-roofed + houses
How many cars are on the road?                                      | cars (on the road)
How many of the cars are white?                                     | cars (white)
How many buildings are damaged?                                     | buildings (damaged)
How many buildings are next to the lake?                            | buildings (next to the lake)
How many dark cars are visible in the left half of the picture?     | dark + cars (in the left half)
How many buildings does the picture show?                           | buildings
How many swimming pools does this image contain?                    | swimming pools
How many trees are there in total?                                  | trees
How many aircraft are standing here?                                | aircraft
How many vehicles are driving on the highway?                       | vehicles (driving on the highway)
How many gray bands are there?                                      | gray + bands
How many rows of houses are there?                                  | rows (of houses)
How many cars and trucks are there?                                 | cars and trucks
Roughly how many cars are there?                                    | cars
Count the cars.                                                     | cars
Count all the airplanes in this picture.                            | airplanes
Please count the ships you can see.                                 | ships
Can you count the cars?                                             | cars
What is the number of buildings?                                    | buildings
What number of ships is visible here?                               | ships
What's the total number of airplanes in the photo?                  | airplanes
The number of cars?                                                 | cars
Give the number of trees.                                           | trees
Tell me the number of ships in this scene.                          | ships
How large is the number of ships?                                   | ships
Estimate how many trees there are.                                  | trees
Could you tell me how many houses there are at this place?          | houses
I would like to know how many tennis courts there are.              | tennis courts
In this picture, how many storage tanks can be counted?             | storage tanks
In the top left corner, how many cars are there?                    | cars (in the top left corner)
Look at the picture. How many cars do you count?                    | cars
How many storage tanks are there? Answer with a number.             | storage tanks
Cars: how many?                                                     | cars
"""
PRESENCE = """
Is there any water?                                                 | water
Is there any water in this image?                                   | water
Are there any cars?                                                 | cars
Are there trees in this area?                                       | trees
Is there a ship?                                                    | ship
Is there a body of water?                                           | water
Is there a swimming pool here?                                      | swimming pool
Are there any airplanes on the ground?                              | airplanes
Are there any cars on the road?                                     | cars (on the road)
Is there a red car?                                                 | red + car
Do you see any water?                                               | water
Can you see trees here?                                             | trees
Could you spot a ship in this picture?                              | ship
Would you find farmland at this place?                              | farmland
Can any trees be seen?                                              | trees
Is any grass visible?                                               | grass
Are buildings present in the image?                                 | buildings
Is bare ground visible anywhere?                                    | bare ground
Does the image show any airplanes?                                  | airplanes
Does this picture contain trees?                                    | trees
Does this area have any water?                                      | water
Any ships here?                                                     | ships
Water present, yes or no?                                           | water
Is there water? Answer yes or no.                                   | water
Is there water? Yes or no?                                          | water
Water present?                                                      | water
Is there a car or not?                                              | car
Are there cars in the water?                                        | cars (in the water)
Are there trees on the left?                                        | trees (on the left)
Please tell me if there are any cars.                               | cars
Can you tell me whether there is a bridge?                          | bridge
"""
AREAS = """
What kind of area is this?
What type of area does the picture show?
What sort of place am I looking at?
Which category of land does this image show?
What type of land use is this?
What is the main land use in this area?
What is shown here?
What is this?
What is this place?
How is this land used?
How would you call such an area?
Name the kind of area in this picture.
Classify this image.
Which of these describes the scene best?
"""
OTHERS = """
Describe this image.
What color is the water?
Is the water blue?
Is this a harbor or a beach?
Is there no water?
Is there only one car?
Are there two ships?
Are there many cars?
Are there cars and trucks?
Is there a car or a truck?
Is there anything else?
Is there evidence of flooding?
Is there some in this picture?
Are the cars parked?
Can you see what this is?
Can you see the red one?
What kind of area is next to the river?
What kind of vehicle is this?
What is the building used for?
Which area is larger?
What is in the middle?
Are there more than five cars?
Is the number of cars above ten?
Is the lake at the top or at the bottom?
What is in the top left corner?
How much water is there?
How large is the lake?
How many meters long is the bridge?
How many square kilometers does this cover?
How many percent of the picture is water?
How many more cars than trucks are there?
How many cars and how many trucks are there?
How many airplanes are there and what color are they?
Where was this taken?
Where was this picture taken?
Where is this place?
Where is this?
Where are we?
Where in the world is this?
Where does this image come from?
Where does the road lead to?
Where are the ships going?
Where is everything?
Where is the area?
Where is the best place to build a house?
Where should the new road be built?
Where can a helicopter land?
Where is the lake relative to the road?
Where is the house with respect to the river?
Seen from the road, where is the lake?
On which side of the river are the houses?
Which side of the road is the house on?
In which direction does the road run?
Where are the house and the pool?
Where is the lake, left or right?
Where is the lake and how many boats are on it?
Where is the lake? What color is it?
Where is the lake? Where is the forest?
Describe the image. Where is the lake?
What is where?
What is the area of this image?
What is the location of this image?
Which region is this?
Which country matches this scene?
Which season fits this image?
Which color describes this area?
What type of image is this?
Which caption best matches this image?
What kind of area is this? Choose one of: forest, residential area, sea.
What is shown in this image? Answer in detail.
What is this? Answer in German.
Is there any water? If yes, say where it is.
Is there a building? Answer 1 or 0.
Is there a car parked?
Is there mostly water?
Would you expect trees here?
Can you identify the ship?
A road is visible.
What do you see?
What can be seen in this image?
What does the picture show?
Describe this image in detail.
Where
What does the number on the runway say?
Wo liegt der See?
Wie viele Autos sind da?
"""


def written(question: KindOfQuestion) -> str:
    """Return the thing of a question as in the lists above."""
    thing = question.thing
    adjectives = f"{' '.join(thing.adjectives)} + " if thing.adjectives else ""
    return adjectives + thing.noun + (f" ({thing.qualifier})" if thing.qualifier else "")


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (kind, line)
        for kind, text in (("place", PLACES), ("number", NUMBERS), ("presence", PRESENCE))
        for line in text.strip().splitlines()
    ],
)
def test_questions_about_a_thing(kind: str, line: str) -> None:
    prompt, thing = line.split("|")
    question = kind_of_question(prompt.strip())
    assert question is not None
    assert (question.kind, written(question)) == (kind, thing.strip())


@pytest.mark.parametrize("prompt", AREAS.strip().splitlines())
def test_questions_about_the_kind_of_area(prompt: str) -> None:
    assert kind_of_question(prompt) == KindOfQuestion("area", NounPhrase(""))


@pytest.mark.parametrize("prompt", OTHERS.strip().splitlines())
def test_other_questions(prompt: str) -> None:
    assert kind_of_question(prompt) is None


@pytest.mark.parametrize("prompt", ["", "?", "\n", "Where is the " + "very " * 200 + "big lake?", "\ud800 where"])
def test_odd_prompts(prompt: str) -> None:
    assert kind_of_question(prompt) is None


def test_lines_and_typographic_apostrophes() -> None:
    assert kind_of_question("Where\u2019s the\nlake?") == kind_of_question("Where is the lake?")


@pytest.mark.parametrize(
    "prompt",
    [
        "what area" + " this image" * 33 + " x",
        "what kind of area" + " this image" * 30 + " x",
        "what type of area" + " is this the aerial" * 18 + " z",
        "is there " + "any " * 90,
        "is a " * 75 + "visible?",
        "can you see " * 30,
        "which of these " * 25,
    ],
)
def test_repeated_words_take_no_time(prompt: str) -> None:
    started = time.monotonic()
    kind_of_question(prompt)
    assert time.monotonic() - started < 1
