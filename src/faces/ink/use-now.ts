// The time of day as a hook, for countdowns.
import { useAnimation } from 'ink';

/** The time now; drawn anew twice a second while `isTicking`. */
export const useNow = (isTicking: boolean): Date => {
  useAnimation({ interval: 500, isActive: isTicking });
  return new Date();
};
