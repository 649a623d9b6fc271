<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
  <context>
    <name>ServerPage</name>
    <message numerus="yes">
      <source>The server has %n model(s).</source>
      <translation>
        <numerusform>The server has %n model.</numerusform>
        <numerusform>The server has %n models.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>RunPreview</name>
    <message numerus="yes">
      <source>Try on %n tile(s)…</source>
      <translation>
        <numerusform>Try on %n tile…</numerusform>
        <numerusform>Try on %n tiles…</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Try on %n feature(s)…</source>
      <translation>
        <numerusform>Try on %n feature…</numerusform>
        <numerusform>Try on %n features…</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>CorrectDialog</name>
    <message numerus="yes">
      <source>Correct %n row(s)</source>
      <translation>
        <numerusform>Correct %n row</numerusform>
        <numerusform>Correct %n rows</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ResultsView</name>
    <message numerus="yes">
      <source>Correct %n row(s)…</source>
      <translation>
        <numerusform>Correct %n row…</numerusform>
        <numerusform>Correct %n rows…</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Mark %n row(s) as right</source>
      <translation>
        <numerusform>Mark %n row as right</numerusform>
        <numerusform>Mark %n rows as right</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>SearchDock</name>
    <message numerus="yes">
      <source>%n picture(s)</source>
      <translation>
        <numerusform>%n picture</numerusform>
        <numerusform>%n pictures</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Rsgpt</name>
    <message numerus="yes">
      <source>%n place(s): {answered} answered, {skipped} skipped, {failed} failed. Prompts: {asked} sent to the model, {cached} answered from the cache.</source>
      <translation>
        <numerusform>%n place: {answered} answered, {skipped} skipped, {failed} failed. Prompts: {asked} sent to the model, {cached} answered from the cache.</numerusform>
        <numerusform>%n places: {answered} answered, {skipped} skipped, {failed} failed. Prompts: {asked} sent to the model, {cached} answered from the cache.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n search window(s): {answered} searched, {skipped} skipped, {failed} failed; {cached} were already searched.</source>
      <translation>
        <numerusform>%n search window: {answered} searched, {skipped} skipped, {failed} failed; {cached} were already searched.</numerusform>
        <numerusform>%n search windows: {answered} searched, {skipped} skipped, {failed} failed; {cached} were already searched.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n tile(s)</source>
      <translation>
        <numerusform>%n tile</numerusform>
        <numerusform>%n tiles</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n feature(s)</source>
      <translation>
        <numerusform>%n feature</numerusform>
        <numerusform>%n features</numerusform>
      </translation>
    </message>
  </context>
</TS>
