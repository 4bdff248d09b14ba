import {
  cache, Enums, eventTarget, setVolumesForViewports, utilities as coreUtilities, volumeLoader, type RenderingEngine, type Types,
} from '@cornerstonejs/core';
import { Enums as ToolEnums, segmentation, type Types as ToolTypes } from '@cornerstonejs/tools';
import { dot, type Vector } from '../domain/geometry';
import type { SliceChange } from '../domain/commands';
import { rangeOf } from '../domain/presets';
import { startEngine, type RenderMode } from './engine';
import type { LabelSurface } from './labelSurface';
import { prefetchStack, probeStack, type Probe, type SeriesStack } from './seriesStack';
import { chooseTool, makeToolGroup, setBrushRadius, type ToolGroup, type ToolName } from './tools';

export type Layout = 'stack' | 'mpr';
export type PaneId = 'stack' | 'axial' | 'sagittal' | 'coronal';
export const PANES: Record<Layout, PaneId[]> = { stack: ['stack'], mpr: ['axial', 'sagittal', 'coronal'] };

export interface StageEvents {
  onSlice: (slice: number) => void;
  onWindow: (window: { center: number; width: number }) => void;
  onProbe: (probe: Probe | null) => void;
  onStroke: (changes: SliceChange[]) => void;
  onRendered: () => void;
  onLoaded: (images: number) => void;
}

/** What a pane can do in both layouts; Cornerstone's own viewport classes cannot be intersected. */
interface Pane extends Types.IViewport {
  setProperties(properties: { voiRange: { lower: number; upper: number } }): void;
  setStack(imageIds: string[], index: number): Promise<unknown>;
  setImageIdIndex(index: number): Promise<unknown>;
  getCurrentImageIdIndex(): number;
  getZoom(): number;
  setZoom(zoom: number): void;
}

/**
 * The CPU path reports a rendered image synchronously, and the labelmap listener answers with another render, without
 * end. A render asked for inside a render is put off to the next frame, once.
 */
function renderOnceAtATime(pane: Pane | undefined): void {
  if (!pane) return;
  const render = pane.render.bind(pane);
  let inside = false;
  let again = false;
  pane.render = () => {
    if (inside) {
      again = true;
      return;
    }
    inside = true;
    try {
      render();
    } finally {
      inside = false;
    }
    if (!again) return;
    again = false;
    requestAnimationFrame(() => pane.render());
  };
}

/** The panes of one series: mounts viewports on elements, routes the mouse, and reports what the reader drew. */
export class Stage {
  private readonly engine: RenderingEngine;
  private readonly group: ToolGroup;
  private readonly elements = new Map<PaneId, HTMLDivElement>();
  private readonly cleanups: (() => void)[] = [];
  private readonly touched = new Set<number>();
  private overlays: { surface: LabelSurface; visible: boolean }[] = [];
  private layout: Layout = 'stack';
  private slice: number;
  private window: { center: number; width: number };
  private labelsVisible = true;
  private stopPrefetch: () => void = () => undefined;
  private tool: ToolName = 'brush';

  constructor(
    readonly mode: RenderMode,
    readonly stack: SeriesStack,
    readonly labels: LabelSurface,
    private readonly events: StageEvents,
  ) {
    this.engine = startEngine(mode).engine;
    this.group = makeToolGroup();
    this.slice = Math.floor(stack.images.length / 2);
    this.window = stack.window ?? { center: 40, width: 400 };
    this.listen(eventTarget, ToolEnums.Events.SEGMENTATION_DATA_MODIFIED, (event) => this.onLabelsModified(event));
    this.listen(window, 'pointerup', () => this.endStroke());
  }

  /** Puts the panes of a layout on their elements; the panes of the layout before are given back. */
  async mount(layout: Layout, elements: Partial<Record<PaneId, HTMLDivElement>>): Promise<void> {
    this.unmountPanes();
    this.layout = layout;
    for (const pane of PANES[layout]) {
      const element = elements[pane];
      if (element) this.elements.set(pane, element);
    }
    if (layout === 'stack') await this.mountStack();
    else await this.mountMpr();
    for (const pane of this.elements.keys()) {
      this.group.addViewport(pane, this.engine.id);
      segmentation.activeSegmentation.setActiveSegmentation(pane, this.labels.id);
      if (!this.labelsVisible) this.labels.setVisible(pane, false);
    }
    this.setTool(layout === 'stack' && this.tool === 'crosshair' ? 'brush' : this.tool);
    this.setWindow(this.window);
    this.report();
  }

  setTool(tool: ToolName): void {
    this.tool = tool;
    chooseTool(this.group, tool);
  }

  setBrush(radius_mm: number, segment: number, others: number[]): void {
    setBrushRadius(this.group, radius_mm);
    segmentation.segmentIndex.setActiveSegmentIndex(this.labels.id, segment);
    // the eraser belongs to one class: the others are locked while it is in the hand
    segmentation.segmentLocking.setSegmentIndexLocked(this.labels.id, segment, false);
    for (const other of others) segmentation.segmentLocking.setSegmentIndexLocked(this.labels.id, other, this.tool === 'eraser');
  }

  setWindow(window: { center: number; width: number }): void {
    this.window = window;
    for (const pane of this.panes()) {
      pane.setProperties({ voiRange: rangeOf(window) });
      pane.render();
    }
    this.events.onWindow(window);
  }

  get currentSlice(): number {
    return this.slice;
  }

  async setSlice(slice: number): Promise<void> {
    const target = Math.max(0, Math.min(this.stack.images.length - 1, slice));
    if (this.layout === 'stack') await this.pane('stack')?.setImageIdIndex(target);
    else this.showPoint(this.centerOf(target));
    this.report();
  }

  async scroll(pane: PaneId, delta: number): Promise<void> {
    if (this.layout === 'stack') await this.setSlice(this.slice + delta);
    else {
      const viewport = this.pane(pane);
      if (viewport) coreUtilities.scroll(viewport, { delta });
      this.report();
    }
  }

  setLabelsVisible(visible: boolean): void {
    this.labelsVisible = visible;
    for (const pane of this.elements.keys()) this.labels.setVisible(pane, visible);
    this.render();
  }

  /** Read-only labels on top (another's read, a difference); each is shown or hidden on its own. */
  async setOverlays(overlays: { surface: LabelSurface; visible: boolean }[]): Promise<void> {
    this.overlays = overlays;
    const kind = this.layout === 'stack' ? 'stack' : 'volume';
    for (const pane of this.elements.keys()) {
      for (const { surface, visible } of overlays) {
        await surface.show(pane, kind, { outlineOnly: true });
        surface.setVisible(pane, visible);
      }
      segmentation.activeSegmentation.setActiveSegmentation(pane, this.labels.id);
    }
    this.render();
  }

  resize(): void {
    this.engine.resize(true, true);
  }

  render(): void {
    for (const pane of this.panes()) pane.render();
  }

  destroy(): void {
    this.stopPrefetch();
    this.unmountPanes();
    for (const cleanup of this.cleanups) cleanup();
  }

  private pane(id: PaneId): Pane | undefined {
    return this.elements.has(id) ? (this.engine.getViewport(id) as unknown as Pane) : undefined;
  }

  private panes(): Pane[] {
    return [...this.elements.keys()].flatMap((id) => this.pane(id) ?? []);
  }

  private async mountStack(): Promise<void> {
    const element = this.elements.get('stack');
    if (!element) return;
    this.engine.enableElement({ viewportId: 'stack', type: Enums.ViewportType.STACK, element });
    this.listenPane('stack', element);
    if (this.mode === 'cpu') renderOnceAtATime(this.pane('stack'));
    await this.pane('stack')?.setStack(this.stack.imageIds, this.slice);
    this.pane('stack')?.render();
    this.stopPrefetch = prefetchStack(this.stack, this.slice, this.events.onLoaded);
    await this.labels.show('stack', 'stack');
    await this.setOverlays(this.overlays);
  }

  private async mountMpr(): Promise<void> {
    const { OrientationAxis, ViewportType } = Enums;
    const orientation: Record<string, Enums.OrientationAxis> = {
      axial: OrientationAxis.AXIAL, sagittal: OrientationAxis.SAGITTAL, coronal: OrientationAxis.CORONAL,
    };
    for (const [pane, element] of this.elements) {
      this.engine.enableElement({
        viewportId: pane, type: ViewportType.ORTHOGRAPHIC, element,
        defaultOptions: { orientation: orientation[pane] as Enums.OrientationAxis },
      });
      this.listenPane(pane, element);
    }
    const volumeId = `cornerstoneStreamingImageVolume:${this.stack.series_instance_uid}`;
    const volume = cache.getVolume(volumeId) ?? (await volumeLoader.createAndCacheVolume(volumeId, { imageIds: this.stack.imageIds }));
    (volume as unknown as { load: () => void }).load();
    const panes = [...this.elements.keys()];
    await setVolumesForViewports(this.engine, [{ volumeId }], panes);
    for (const pane of panes) await this.labels.show(pane, 'volume');
    await this.setOverlays(this.overlays);
    this.showPoint(this.centerOf(this.slice));
    this.render();
  }

  private unmountPanes(): void {
    this.endStroke();
    this.stopPrefetch();
    for (const [pane] of this.elements) {
      segmentation.removeSegmentationRepresentations(pane, {}, true);
      this.group.removeViewports(this.engine.id, pane);
      this.engine.disableElement(pane);
    }
    this.elements.clear();
    this.paneCleanups.splice(0).forEach((cleanup) => cleanup());
  }

  private readonly paneCleanups: (() => void)[] = [];

  private listenPane(pane: PaneId, element: HTMLDivElement): void {
    const on = (target: EventTarget, type: string, handler: (event: Event) => void, options?: AddEventListenerOptions) => {
      target.addEventListener(type, handler, options);
      this.paneCleanups.push(() => target.removeEventListener(type, handler, options));
    };
    on(element, 'wheel', (event) => this.onWheel(pane, event as WheelEvent), { passive: false, capture: true });
    on(element, 'contextmenu', (event) => event.preventDefault());
    on(element, 'pointermove', (event) => this.onPointer(pane, event as PointerEvent));
    on(element, 'pointerleave', () => this.events.onProbe(null));
    on(element, Enums.Events.IMAGE_RENDERED, () => this.events.onRendered());
    on(element, Enums.Events.STACK_NEW_IMAGE, () => this.report());
    on(element, Enums.Events.VOLUME_NEW_IMAGE, () => this.report());
    on(element, Enums.Events.VOI_MODIFIED, (event) => {
      const { range } = (event as CustomEvent<{ range: { lower: number; upper: number } }>).detail;
      this.window = { center: (range.lower + range.upper) / 2, width: range.upper - range.lower };
      this.events.onWindow(this.window);
    });
  }

  private onWheel(pane: PaneId, event: WheelEvent): void {
    event.preventDefault();
    event.stopPropagation();
    const direction = Math.sign(event.deltaY);
    if (direction === 0) return;
    if (!event.ctrlKey) {
      void this.scroll(pane, direction);
      return;
    }
    const viewport = this.pane(pane);
    if (!viewport) return;
    viewport.setZoom(viewport.getZoom() * (direction > 0 ? 0.9 : 1 / 0.9));
    viewport.render();
  }

  private onPointer(pane: PaneId, event: PointerEvent): void {
    const viewport = this.pane(pane);
    const element = this.elements.get(pane);
    if (!viewport || !element || event.buttons & 1) return;
    const box = element.getBoundingClientRect();
    const world = viewport.canvasToWorld([event.clientX - box.left, event.clientY - box.top]);
    this.events.onProbe(world ? probeStack(this.stack, world as unknown as Vector, this.layout === 'stack' ? this.slice : null) : null);
  }

  private onLabelsModified(event: Event): void {
    const detail = (event as ToolTypes.EventTypes.SegmentationDataModifiedEventType).detail;
    if (detail.segmentationId !== this.labels.id || this.elements.size === 0) return;
    if (this.layout === 'stack') this.touched.add(this.slice);
    else for (let slice = 0; slice < this.stack.images.length; slice += 1) this.touched.add(slice);
  }

  /** A stroke ends with the button: what it changed becomes one act. */
  private endStroke(): void {
    if (this.touched.size === 0) return;
    const slices = [...this.touched];
    setTimeout(() => {
      const changes = this.labels.takeChanges(slices);
      if (changes.length > 0) this.events.onStroke(changes);
    }, 0);
    this.touched.clear();
  }

  private centerOf(slice: number): Vector {
    const image = this.stack.images[slice];
    const [x, y, z] = image?.position_lps ?? [0, 0, 0];
    const [rx = 1, ry = 0, rz = 0, cx = 0, cy = 1, cz = 0] = image?.orientation ?? [];
    const right = ((image?.columns ?? 1) - 1) / 2 * (image?.spacing_mm[1] ?? 1);
    const down = ((image?.rows ?? 1) - 1) / 2 * (image?.spacing_mm[0] ?? 1);
    return [x + rx * right + cx * down, y + ry * right + cy * down, z + rz * right + cz * down];
  }

  /** Moves every plane through a patient point, keeping zoom and pan. */
  showPoint(point_lps: Vector): void {
    for (const viewport of this.panes()) {
      const { focalPoint, position, viewPlaneNormal } = viewport.getCamera();
      if (!focalPoint || !position || !viewPlaneNormal) continue;
      const shift = dot(point_lps, viewPlaneNormal) - dot(focalPoint, viewPlaneNormal);
      const moved = (from: Types.Point3) => from.map((part, axis) => part + shift * (viewPlaneNormal[axis] ?? 0)) as Types.Point3;
      viewport.setCamera({ focalPoint: moved(focalPoint), position: moved(position) });
      viewport.render();
    }
  }

  private report(): void {
    if (this.layout === 'stack') {
      const index = this.pane('stack')?.getCurrentImageIdIndex();
      if (index !== undefined && index >= 0) this.slice = index;
    } else {
      const point = this.pane('axial')?.getCamera().focalPoint;
      const probe = point ? probeStack(this.stack, point as unknown as Vector, null) : null;
      if (probe) this.slice = probe.slice;
    }
    this.events.onSlice(this.slice);
  }

  private listen(target: { addEventListener: EventTarget['addEventListener']; removeEventListener: EventTarget['removeEventListener'] }, type: string, handler: (event: Event) => void): void {
    target.addEventListener(type, handler);
    this.cleanups.push(() => target.removeEventListener(type, handler));
  }
}
