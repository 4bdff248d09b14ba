import {
  cache, Enums, eventTarget, imageLoadPoolManager, setVolumesForViewports, utilities as coreUtilities, volumeLoader, type RenderingEngine, type Types,
} from '@cornerstonejs/core';
import { Enums as ToolEnums, segmentation, type Types as ToolTypes } from '@cornerstonejs/tools';
import { cross, dot, edgeLetters, type EdgeLetters, type Vector } from '../domain/geometry';
import type { SliceChange } from '../domain/commands';
import { rangeOf, windowOf } from '../domain/presets';
import { lendOrigins, renderOnceAtATime } from './cpuPane';
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
  /** A slice the reader looks at could not be fetched. */
  onMissing: () => void;
  onLetters: (letters: Partial<Record<PaneId, EdgeLetters>>) => void;
}

/** What a pane can do in both layouts; Cornerstone's own viewport classes cannot be intersected. */
interface Pane extends Types.IViewport {
  setProperties(properties: { voiRange: { lower: number; upper: number } }): void;
  getProperties(): { voiRange?: { lower: number; upper: number } | undefined };
  setStack(imageIds: string[], index: number): Promise<unknown>;
  setImageIdIndex(index: number): Promise<unknown>;
  getCurrentImageIdIndex(): number;
  getImageData(): { origin?: Types.Point3 } | undefined;
  getZoom(): number;
  setZoom(zoom: number): void;
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
  private pressed = false;
  private lastProbe: Probe | null = null;
  private mountedSizes = '';
  private resizeTimer: ReturnType<typeof setTimeout> | undefined;

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
    this.listen(eventTarget, Enums.Events.IMAGE_LOAD_FAILED, (event) => {
      const { imageId } = (event as CustomEvent<{ imageId: string }>).detail;
      if (imageId === this.stack.imageIds[this.slice]) this.events.onMissing();
    });
    this.listen(window, 'pointerdown', () => {
      this.pressed = true;
    });
    for (const end of ['pointerup', 'pointercancel']) {
      this.listen(window, end, () => {
        this.pressed = false;
        this.endStroke();
      });
    }
  }

  /** Puts the panes of a layout on their elements; the panes of the layout before are given back. */
  async mount(layout: Layout, elements: Partial<Record<PaneId, HTMLDivElement>>): Promise<void> {
    const { window, slice } = this;
    this.unmountPanes();
    this.layout = layout;
    for (const pane of PANES[layout]) {
      const element = elements[pane];
      if (element) this.elements.set(pane, element);
    }
    this.mountedSizes = this.sizes();
    if (layout === 'stack') await this.mountStack();
    else await this.mountMpr();
    for (const pane of this.elements.keys()) {
      this.group.addViewport(pane, this.engine.id);
      segmentation.activeSegmentation.setActiveSegmentation(pane, this.labels.id);
      if (!this.labelsVisible) this.labels.setVisible(pane, false);
    }
    this.setTool(layout === 'stack' && this.tool === 'crosshair' ? 'brush' : this.tool);
    // mounting reports windows and slices of its own: what the reader had set comes back last
    this.setWindow(window);
    await this.setSlice(slice);
    if (layout === 'mpr') this.showPoint(this.pointOfInterest(slice));
    this.report();
    this.events.onLetters(this.letters());
  }

  private letters(): Partial<Record<PaneId, EdgeLetters>> {
    const letters: Partial<Record<PaneId, EdgeLetters>> = {};
    for (const id of this.elements.keys()) {
      if (id === 'stack') {
        const [rx = 0, ry = 0, rz = 0, cx = 0, cy = 0, cz = 0] = this.stack.images[0]?.orientation ?? [];
        letters.stack = edgeLetters([rx, ry, rz], [cx, cy, cz]);
        continue;
      }
      const { viewUp, viewPlaneNormal } = this.pane(id)?.getCamera() ?? {};
      if (!viewUp || !viewPlaneNormal) continue;
      const up = viewUp as unknown as Vector;
      letters[id] = edgeLetters(cross(up, viewPlaneNormal as unknown as Vector), [-up[0], -up[1], -up[2]]);
    }
    return letters;
  }

  /** Where the reader was looking: what is drawn on the slice, else the last place under the cursor, else the middle. */
  private pointOfInterest(slice: number): Vector {
    const image = this.stack.images[slice];
    const labels = this.labels.taken(slice);
    if (!image || !labels) return this.lastProbe?.slice === slice ? this.lastProbe.point_lps : this.centerOf(slice);
    let [columns, rows, count] = [0, 0, 0];
    labels.forEach((label, pixel) => {
      if (label === 0) return;
      columns += pixel % image.columns;
      rows += Math.floor(pixel / image.columns);
      count += 1;
    });
    return count ? this.pointAt(slice, columns / count, rows / count) : this.centerOf(slice);
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

  /** Ends fetching ahead, as before the act that ends the right to these pixels; `on` begins it again. */
  setPrefetch(on: boolean): void {
    this.stopPrefetch();
    this.stopPrefetch = () => undefined;
    if (on) this.stopPrefetch = prefetchStack(this.stack, this.slice, this.events.onLoaded);
    else imageLoadPoolManager.clearRequestStack(Enums.RequestType.Prefetch);
  }

  /** Panes follow their elements. The CPU path cannot resize a pane in place: there it is mounted again. */
  resize(): void {
    if (this.mode === 'webgl') {
      this.engine.resize(true, true);
      return;
    }
    clearTimeout(this.resizeTimer);
    this.resizeTimer = setTimeout(() => {
      if (this.elements.size > 0 && this.sizes() !== this.mountedSizes) void this.mount(this.layout, Object.fromEntries(this.elements));
    }, 150);
  }

  private sizes(): string {
    return [...this.elements.values()].map((element) => `${element.clientWidth}x${element.clientHeight}`).join(' ');
  }

  render(): void {
    for (const pane of this.panes()) pane.render();
  }

  destroy(): void {
    clearTimeout(this.resizeTimer);
    this.setPrefetch(false);
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
    const cpuPane = this.mode === 'cpu' ? this.pane('stack') : undefined;
    if (cpuPane) {
      renderOnceAtATime(cpuPane);
      this.onPane(element, 'mousedown', () => lendOrigins(cpuPane), { capture: true });
    }
    await this.pane('stack')?.setStack(this.stack.imageIds, this.slice);
    this.pane('stack')?.render();
    this.setPrefetch(true);
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

  private onPane(element: HTMLElement, type: string, handler: (event: Event) => void, options?: AddEventListenerOptions): void {
    element.addEventListener(type, handler, options);
    this.paneCleanups.push(() => element.removeEventListener(type, handler, options));
  }

  private listenPane(pane: PaneId, element: HTMLDivElement): void {
    const on = this.onPane.bind(this);
    on(element, 'wheel', (event) => this.onWheel(pane, event as WheelEvent), { passive: false, capture: true });
    on(element, 'contextmenu', (event) => event.preventDefault());
    on(element, 'pointermove', (event) => this.onPointer(pane, event as PointerEvent));
    on(element, 'pointerleave', () => this.events.onProbe(null));
    on(element, Enums.Events.IMAGE_RENDERED, () => {
      this.events.onRendered();
      if (this.pressed) this.readWindow(pane);
    });
    on(element, Enums.Events.STACK_NEW_IMAGE, () => this.report());
    on(element, Enums.Events.VOLUME_NEW_IMAGE, () => this.report());
  }

  /** The window that a drag of the reader's has set; events of it come from one renderer only, and from label layers too. */
  private readWindow(pane: PaneId): void {
    const range = this.pane(pane)?.getProperties().voiRange;
    if (!range) return;
    const window = windowOf(range);
    if (window.center === this.window.center && window.width === this.window.width) return;
    this.window = window;
    this.events.onWindow(window);
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
    const probe = world ? probeStack(this.stack, world as unknown as Vector, this.layout === 'stack' ? this.slice : null) : null;
    this.lastProbe = probe ?? this.lastProbe;
    this.events.onProbe(probe);
  }

  private onLabelsModified(event: Event): void {
    const detail = (event as ToolTypes.EventTypes.SegmentationDataModifiedEventType).detail;
    if (detail.segmentationId !== this.labels.id || this.elements.size === 0) return;
    if (this.layout === 'stack') this.touched.add(this.slice);
    else for (let slice = 0; slice < this.stack.images.length; slice += 1) this.touched.add(slice);
    // some paths write the labels only after the button was let go
    if (!this.pressed) this.endStroke();
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
    return this.pointAt(slice, ((image?.columns ?? 1) - 1) / 2, ((image?.rows ?? 1) - 1) / 2);
  }

  /** Patient point of a pixel centre (PS3.3 C.7.6.2.1.1). */
  private pointAt(slice: number, column: number, row: number): Vector {
    const image = this.stack.images[slice];
    const [x, y, z] = image?.position_lps ?? [0, 0, 0];
    const [rx = 1, ry = 0, rz = 0, cx = 0, cy = 1, cz = 0] = image?.orientation ?? [];
    const right = column * (image?.spacing_mm[1] ?? 1);
    const down = row * (image?.spacing_mm[0] ?? 1);
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
