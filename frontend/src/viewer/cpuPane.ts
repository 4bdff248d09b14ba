import type { Types } from '@cornerstonejs/core';

interface CanvasActor {
  getImage?: () => { getOrigin?: () => Types.Point3 | undefined };
}

interface CpuPane {
  render: () => void;
  getActors: () => { actor: unknown }[];
  getImageData: () => { origin?: Types.Point3 } | undefined;
}

/**
 * The CPU path reports a rendered image synchronously, and the labelmap listener answers with another render, without
 * end. A render asked for inside a render is put off to the next frame, once.
 */
export function renderOnceAtATime(pane: CpuPane): void {
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

const lent = new WeakSet<object>();

/** The brush asks a label image for its origin, which the CPU path's images do not say: they lie where the pane's image lies. */
export function lendOrigins(pane: CpuPane): void {
  for (const { actor } of pane.getActors()) {
    const canvasActor = actor as CanvasActor;
    const getImage = canvasActor.getImage?.bind(canvasActor);
    if (!getImage || lent.has(canvasActor)) continue;
    lent.add(canvasActor);
    canvasActor.getImage = () => Object.assign(getImage(), { getOrigin: () => pane.getImageData()?.origin });
  }
}
