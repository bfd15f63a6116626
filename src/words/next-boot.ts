// The answer about the next boot, in a line.
import type { NextBoot } from '../diagnosis/inspect/next-boot.ts';
import { type Block, span, text } from './page.ts';

const SAID = {
  passes: ['good', 'loopback passes'],
  blocked: ['bad', 'loopback is stopped'],
  unknown: ['warn', 'not known'],
} as const;

/** What the next boot does with loopback, at a glance. */
export const nameNextBoot = ({ loopback }: NextBoot): Block[] => {
  const [mark, said] = SAID[loopback];
  return [text('With the next boot: ', span(mark, said), '.')];
};

/** What the next boot does with loopback, and by what that is known. */
export const tellNextBoot = ({ loopback, reasons }: NextBoot): Block[] => {
  const [mark, said] = SAID[loopback];
  return [text(`With the next boot: `, span(mark, said), ` (${reasons.join('; ')}).`)];
};
