import {
  addTool, BrushTool, CrosshairsTool, Enums, LengthTool, PanTool, ToolGroupManager, utilities, WindowLevelTool,
} from '@cornerstonejs/tools';

export type ToolName = 'brush' | 'eraser' | 'window' | 'pan' | 'length' | 'crosshair';

const GROUP = 'workstation';
const INSTANCES: Record<ToolName, string> = {
  brush: 'Brush',
  eraser: 'Eraser',
  window: WindowLevelTool.toolName,
  pan: PanTool.toolName,
  length: LengthTool.toolName,
  crosshair: CrosshairsTool.toolName,
};
const LINE_COLOURS: Record<string, string> = { axial: '#e07a7a', sagittal: '#d9c15f', coronal: '#74b987' };

export type ToolGroup = NonNullable<ReturnType<typeof ToolGroupManager.getToolGroup>>;

/** The one tool group of the page: right drag windows, middle drag pans, the left button does the chosen tool. */
export function makeToolGroup(): ToolGroup {
  const existing = ToolGroupManager.getToolGroup(GROUP);
  if (existing) return existing;
  for (const tool of [BrushTool, CrosshairsTool, LengthTool, PanTool, WindowLevelTool]) addTool(tool);
  const group = ToolGroupManager.createToolGroup(GROUP);
  if (!group) throw new Error('the tool group could not be made');
  // the brush brings its own letter keys (interpolate on "e"): the keymap is ours alone
  const quiet = { actions: {}, preview: { enabled: false } };
  group.addToolInstance('Brush', BrushTool.toolName, { activeStrategy: 'FILL_INSIDE_CIRCLE', ...quiet });
  group.addToolInstance('Eraser', BrushTool.toolName, { activeStrategy: 'ERASE_INSIDE_CIRCLE', ...quiet });
  group.addTool(LengthTool.toolName);
  group.addTool(PanTool.toolName);
  group.addTool(WindowLevelTool.toolName);
  group.addTool(CrosshairsTool.toolName, {
    getReferenceLineColor: (viewportId: string) => LINE_COLOURS[viewportId] ?? '#9aa7bd',
  });
  bindDrags(group);
  return group;
}

function bindDrags(group: ToolGroup): void {
  const { MouseBindings } = Enums;
  group.setToolActive(WindowLevelTool.toolName, { bindings: [{ mouseButton: MouseBindings.Secondary }] });
  group.setToolActive(PanTool.toolName, { bindings: [{ mouseButton: MouseBindings.Auxiliary }] });
}

/** Gives the left button to `tool`. Crosshairs are disabled, not passive, when left: passive they steal drags. */
export function chooseTool(group: ToolGroup, tool: ToolName): void {
  const { MouseBindings } = Enums;
  for (const name of ['brush', 'eraser', 'length'] as const) {
    if (name !== tool) group.setToolPassive(INSTANCES[name], { removeAllBindings: true });
  }
  if (tool !== 'crosshair') group.setToolDisabled(INSTANCES.crosshair);
  for (const name of ['window', 'pan'] as const) group.setToolPassive(INSTANCES[name], { removeAllBindings: true });
  const bindings = [{ mouseButton: MouseBindings.Primary }];
  if (tool === 'window') bindings.push({ mouseButton: MouseBindings.Secondary });
  if (tool === 'pan') bindings.push({ mouseButton: MouseBindings.Auxiliary });
  group.setToolActive(INSTANCES[tool], { bindings });
  if (tool !== 'window') group.setToolActive(INSTANCES.window, { bindings: [{ mouseButton: MouseBindings.Secondary }] });
  if (tool !== 'pan') group.setToolActive(INSTANCES.pan, { bindings: [{ mouseButton: MouseBindings.Auxiliary }] });
}

/** Brush radius in mm, for brush and eraser alike. */
export function setBrushRadius(group: ToolGroup, radius_mm: number): void {
  utilities.segmentation.setBrushSizeForToolGroup(group.id, radius_mm);
}
