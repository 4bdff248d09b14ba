import { cornerstoneStreamingImageVolumeLoader, imageLoadPoolManager, init, Enums, RenderingEngine, volumeLoader } from '@cornerstonejs/core';
import dicomImageLoader from '@cornerstonejs/dicom-image-loader';
import { registerDefaultProviders } from '@cornerstonejs/metadata';
import { init as initTools } from '@cornerstonejs/tools';

export type RenderMode = 'webgl' | 'cpu';

/** Software GL draws a stack at a quarter of the speed of the CPU path, so only a real GPU gets WebGL. */
export function detectRenderMode(asked: string | null): RenderMode {
  if (asked === 'cpu' || asked === 'webgl') return asked;
  const context = document.createElement('canvas').getContext('webgl2');
  if (!context) return 'cpu';
  const info = context.getExtension('WEBGL_debug_renderer_info');
  const renderer = String(context.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : context.RENDERER));
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return /swiftshader|llvmpipe|software|basic render/i.test(renderer) ? 'cpu' : 'webgl';
}

let started: { mode: RenderMode; engine: RenderingEngine } | null = null;

/** Starts Cornerstone once a page; a second call returns the running engine whatever mode it asks for. */
export function startEngine(mode: RenderMode): { mode: RenderMode; engine: RenderingEngine } {
  if (started) return started;
  registerDefaultProviders();
  dicomImageLoader.init({
    maxWebWorkers: Math.max(1, Math.min(4, (navigator.hardwareConcurrency || 2) - 1)),
    // single-part frames: no multipart parsing, and the server picks the transfer syntax that suits the link
    beforeSend: () => ({ Accept: 'application/octet-stream; transfer-syntax=*' }),
  });
  const streaming = cornerstoneStreamingImageVolumeLoader as unknown as Parameters<typeof volumeLoader.registerUnknownVolumeLoader>[0];
  volumeLoader.registerUnknownVolumeLoader(streaming);
  volumeLoader.registerVolumeLoader('cornerstoneStreamingImageVolume', streaming);
  init({
    debug: { statsOverlay: false },
    rendering: mode === 'cpu' ? { useGenericViewport: true, planar: { renderBackend: 'cpu' } } : {},
  });
  initTools();
  imageLoadPoolManager.setMaxSimultaneousRequests(Enums.RequestType.Prefetch, 6);
  started = { mode, engine: new RenderingEngine('fiducial') };
  return started;
}
