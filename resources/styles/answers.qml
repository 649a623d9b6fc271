<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis labelsEnabled="1" version="3.34.0" styleCategories="Symbology|Labeling">
  <renderer-v2 type="RuleRenderer" referencescale="-1" enableorderby="0" forceraster="0" symbollevels="0">
    <rules key="{44fa1249-ba53-41e9-ab8f-dcf2de92e380}">
      <rule filter="&quot;confidence&quot; &gt;= 0.7" symbol="0" label="Sure" key="{4233f4d2-18af-4b89-a88b-36f66c924624}"/>
      <rule filter="&quot;confidence&quot; &gt;= 0.4 AND &quot;confidence&quot; &lt; 0.7" symbol="1" label="Fair" key="{aa50d187-e3ff-4013-8e2e-55fc1e8a3ba4}"/>
      <rule filter="&quot;confidence&quot; &lt; 0.4" symbol="2" label="Unsure" key="{8ab4d66a-d2cc-4c42-941f-5a3b1aa7523b}"/>
      <rule filter="&quot;confidence&quot; IS NULL" symbol="3" label="No answer" key="{cf2ee589-0eb9-40cd-bc44-9bf35377a52e}"/>
      <rule filter="&quot;corrected&quot; &lt;&gt; ''" symbol="4" label="Corrected" key="{6f0b7c0e-5d0a-4a53-9a1e-1f4f1f6d7c55}"/>
    </rules>
    <symbols>
      <symbol type="fill" force_rhr="0" clip_to_extent="1" frame_rate="10" alpha="1" is_animated="0" name="0">
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="draw_inside_polygon" value="1"/>
            <Option type="QString" name="joinstyle" value="miter"/>
            <Option type="QString" name="line_color" value="255,253,245,255"/>
            <Option type="QString" name="line_style" value="solid"/>
            <Option type="QString" name="line_width" value="2.4"/>
          </Option>
        </layer>
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="draw_inside_polygon" value="1"/>
            <Option type="QString" name="joinstyle" value="miter"/>
            <Option type="QString" name="line_color" value="0,103,177,255"/>
            <Option type="QString" name="line_style" value="solid"/>
            <Option type="QString" name="line_width" value="1.8"/>
          </Option>
        </layer>
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="draw_inside_polygon" value="1"/>
            <Option type="QString" name="joinstyle" value="miter"/>
            <Option type="QString" name="line_color" value="255,253,245,255"/>
            <Option type="QString" name="line_style" value="solid"/>
            <Option type="QString" name="line_width" value="0.5"/>
          </Option>
        </layer>
      </symbol>
      <symbol type="fill" force_rhr="0" clip_to_extent="1" frame_rate="10" alpha="1" is_animated="0" name="1">
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="draw_inside_polygon" value="1"/>
            <Option type="QString" name="joinstyle" value="miter"/>
            <Option type="QString" name="line_color" value="255,253,245,255"/>
            <Option type="QString" name="line_style" value="solid"/>
            <Option type="QString" name="line_width" value="2.4"/>
          </Option>
        </layer>
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="capstyle" value="flat"/>
            <Option type="QString" name="customdash" value="10;2"/>
            <Option type="QString" name="draw_inside_polygon" value="1"/>
            <Option type="QString" name="joinstyle" value="miter"/>
            <Option type="QString" name="line_color" value="240,160,0,255"/>
            <Option type="QString" name="line_style" value="solid"/>
            <Option type="QString" name="line_width" value="1.8"/>
            <Option type="QString" name="use_custom_dash" value="1"/>
          </Option>
        </layer>
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="draw_inside_polygon" value="1"/>
            <Option type="QString" name="joinstyle" value="miter"/>
            <Option type="QString" name="line_color" value="255,253,245,255"/>
            <Option type="QString" name="line_style" value="solid"/>
            <Option type="QString" name="line_width" value="0.5"/>
          </Option>
        </layer>
      </symbol>
      <symbol type="fill" force_rhr="0" clip_to_extent="1" frame_rate="10" alpha="1" is_animated="0" name="2">
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="draw_inside_polygon" value="1"/>
            <Option type="QString" name="joinstyle" value="miter"/>
            <Option type="QString" name="line_color" value="255,253,245,255"/>
            <Option type="QString" name="line_style" value="solid"/>
            <Option type="QString" name="line_width" value="2.4"/>
          </Option>
        </layer>
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="capstyle" value="flat"/>
            <Option type="QString" name="customdash" value="4;2"/>
            <Option type="QString" name="draw_inside_polygon" value="1"/>
            <Option type="QString" name="joinstyle" value="miter"/>
            <Option type="QString" name="line_color" value="140,0,64,255"/>
            <Option type="QString" name="line_style" value="solid"/>
            <Option type="QString" name="line_width" value="1.8"/>
            <Option type="QString" name="use_custom_dash" value="1"/>
          </Option>
        </layer>
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="draw_inside_polygon" value="1"/>
            <Option type="QString" name="joinstyle" value="miter"/>
            <Option type="QString" name="line_color" value="255,253,245,255"/>
            <Option type="QString" name="line_style" value="solid"/>
            <Option type="QString" name="line_width" value="0.5"/>
          </Option>
        </layer>
      </symbol>
      <symbol type="fill" force_rhr="0" clip_to_extent="1" frame_rate="10" alpha="1" is_animated="0" name="3">
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="draw_inside_polygon" value="1"/>
            <Option type="QString" name="joinstyle" value="miter"/>
            <Option type="QString" name="line_color" value="255,253,245,255"/>
            <Option type="QString" name="line_style" value="solid"/>
            <Option type="QString" name="line_width" value="2.4"/>
          </Option>
        </layer>
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="capstyle" value="flat"/>
            <Option type="QString" name="customdash" value="1.2;1.8"/>
            <Option type="QString" name="draw_inside_polygon" value="1"/>
            <Option type="QString" name="joinstyle" value="miter"/>
            <Option type="QString" name="line_color" value="138,138,138,255"/>
            <Option type="QString" name="line_style" value="solid"/>
            <Option type="QString" name="line_width" value="1.8"/>
            <Option type="QString" name="use_custom_dash" value="1"/>
          </Option>
        </layer>
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="draw_inside_polygon" value="1"/>
            <Option type="QString" name="joinstyle" value="miter"/>
            <Option type="QString" name="line_color" value="255,253,245,255"/>
            <Option type="QString" name="line_style" value="solid"/>
            <Option type="QString" name="line_width" value="0.5"/>
          </Option>
        </layer>
      </symbol>
      <symbol type="fill" force_rhr="0" clip_to_extent="1" frame_rate="10" alpha="1" is_animated="0" name="4">
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="draw_inside_polygon" value="1"/>
            <Option type="QString" name="joinstyle" value="miter"/>
            <Option type="QString" name="line_color" value="255,253,245,255"/>
            <Option type="QString" name="line_style" value="solid"/>
            <Option type="QString" name="line_width" value="2.4"/>
          </Option>
        </layer>
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="draw_inside_polygon" value="1"/>
            <Option type="QString" name="joinstyle" value="miter"/>
            <Option type="QString" name="line_color" value="0,125,90,255"/>
            <Option type="QString" name="line_style" value="solid"/>
            <Option type="QString" name="line_width" value="1.8"/>
          </Option>
        </layer>
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="draw_inside_polygon" value="1"/>
            <Option type="QString" name="joinstyle" value="miter"/>
            <Option type="QString" name="line_color" value="255,253,245,255"/>
            <Option type="QString" name="line_style" value="solid"/>
            <Option type="QString" name="line_width" value="0.5"/>
          </Option>
        </layer>
      </symbol>
    </symbols>
  </renderer-v2>
  <labeling type="rule-based">
    <rules key="{9354e635-d6e3-4a3c-ade5-03663c6fc17f}">
      <rule description="Caption" key="{2eb9370a-21cf-4e67-a142-6f6614a4df29}">
        <settings>
          <text-style fieldName="" fontWeight="50" textOrientation="horizontal" textColor="255,255,255,255" fontSize="9" textOpacity="1" blendMode="0" fontSizeUnit="Point" multilineHeightUnit="Percentage" fontKerning="1" allowHtml="0" isExpression="1" multilineHeight="1">
            <text-buffer bufferJoinStyle="128" bufferSize="0.80000000000000004" bufferDraw="1" bufferBlendMode="0" bufferNoFill="1" bufferColor="20,20,20,255" bufferOpacity="0.84999999999999998" bufferSizeUnits="MM"/>
          </text-style>
          <text-format multilineAlign="1" useMaxLineLengthForAutoWrap="1" wrapChar="" autoWrapLength="24"/>
          <placement fitInPolygonOnly="1" placementFlags="10" dist="0" placement="4" polygonPlacementFlags="2" overlapHandling="PreventOverlap" priority="5"/>
          <rendering obstacleType="1" scaleVisibility="0" minFeatureSize="20" drawLabels="1" limitNumLabels="0" maxNumLabels="2000" obstacle="1" fontMaxPixelSize="10000" obstacleFactor="1" fontMinPixelSize="0"/>
        </settings>
      </rule>
      <rule description="Answers" key="{e1b2fd6a-3118-4833-9b61-da912dabcbbe}">
        <settings>
          <text-style fieldName="" fontWeight="50" textOrientation="horizontal" textColor="255,255,255,255" fontSize="9" textOpacity="1" blendMode="0" fontSizeUnit="Point" multilineHeightUnit="Percentage" fontKerning="1" allowHtml="0" isExpression="1" multilineHeight="1">
            <text-buffer bufferJoinStyle="128" bufferSize="0.80000000000000004" bufferDraw="1" bufferBlendMode="0" bufferNoFill="1" bufferColor="20,20,20,255" bufferOpacity="0.84999999999999998" bufferSizeUnits="MM"/>
          </text-style>
          <text-format multilineAlign="1" useMaxLineLengthForAutoWrap="1" wrapChar="" autoWrapLength="24"/>
          <placement fitInPolygonOnly="1" placementFlags="10" dist="0" placement="4" polygonPlacementFlags="2" overlapHandling="PreventOverlap" priority="5"/>
          <rendering obstacleType="1" scaleVisibility="0" minFeatureSize="20" drawLabels="1" limitNumLabels="0" maxNumLabels="2000" obstacle="1" fontMaxPixelSize="10000" obstacleFactor="1" fontMinPixelSize="0"/>
        </settings>
      </rule>
    </rules>
  </labeling>
</qgis>
