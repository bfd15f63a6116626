// Keeps a screen from being written more often than it can be read, over a line that may be slow.

type Subscribe = (listener: () => void) => () => void;

/** Milliseconds between two frames while entries keep coming; twice as long in a flood. */
const PAUSE = 1000;

/**
 * Passes a change on at once where the last one is a while ago, and else when that time is over: what comes meanwhile is seen together.
 * `keyOf` tells what must never wait: a change of it is passed on at once.
 */
export const calmly =
  (subscribe: Subscribe, keyOf: () => string, pause = PAUSE): Subscribe =>
  (listener) => {
    let key = keyOf();
    let isResting = false;
    let isMissed = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = () => {
      clearTimeout(timer);
      const isFlood = isMissed;
      isMissed = false;
      isResting = true;
      timer = setTimeout(
        () => {
          isResting = false;
          if (isMissed) tell();
        },
        isFlood ? 2 * pause : pause,
      );
      listener();
    };
    const leave = subscribe(() => {
      const now = keyOf();
      const isUrgent = now !== key;
      key = now;
      if (isUrgent || !isResting) tell();
      else isMissed = true;
    });
    return () => {
      clearTimeout(timer);
      leave();
    };
  };
