// Which lines of a long body are on screen.

/** A window of `height` lines onto `total` lines, from line `top`. */
export type Viewport = { top: number; height: number; total: number };

/** What moves a viewport. */
export type Scroll = 'page-down' | 'page-up' | 'top' | 'bottom';

const lastTop = ({ height, total }: Viewport): number => Math.max(0, total - height);

/** Moves a viewport and keeps it within its lines; pages overlap by a line. */
export const scroll = (viewport: Viewport, by: Scroll): Viewport => {
  const step = Math.max(1, viewport.height - 1);
  const wanted = {
    'page-down': viewport.top + step,
    'page-up': viewport.top - step,
    top: 0,
    bottom: viewport.total,
  }[by];
  return { ...viewport, top: Math.min(Math.max(0, wanted), lastTop(viewport)) };
};

/** Fits a viewport to new sizes; one that stood at the end of a growing text stays there when `follow` is set. */
export const refit = (viewport: Viewport, height: number, total: number, follow: boolean): Viewport => {
  const atEnd = viewport.top >= lastTop(viewport);
  const fitted = { top: viewport.top, height, total };
  return { ...fitted, top: follow && atEnd ? lastTop(fitted) : Math.min(viewport.top, lastTop(fitted)) };
};
