// Holds the state of a walk, and runs the effect that the state asks for.

/** What an effect may do: tell what happened, and learn that its phase is over. */
export type EffectTools<Event> = { send: (event: Event) => void; signal: AbortSignal };

/** The work of a phase, begun on entering it. It reports by events; its signal is aborted when the phase is left. */
export type Effect<State, Event> = (state: State, tools: EffectTools<Event>) => Promise<void>;

/** What a store is made of. `key` names the phase: an effect starts when the key changes. */
export type StoreParts<State, Event> = {
  initial: State;
  next: (state: State, event: Event) => State;
  key: (state: State) => string;
  effectOf: (state: State) => Effect<State, Event> | null;
  /** A defect of lo-doctor's own: an effect threw what it should have told as an event. */
  onDefect: (error: unknown) => void;
};

/** The state of a walk, seen from a face. */
export type Store<State, Event> = {
  getState: () => State;
  subscribe: (listener: () => void) => () => void;
  send: (event: Event) => void;
  /** Ends the running effect; nothing is begun or changed after it. */
  close: () => void;
};

/** Makes a store and begins the first state's effect. */
export const createStore = <State, Event>(parts: StoreParts<State, Event>): Store<State, Event> => {
  let state = parts.initial;
  let running = new AbortController();
  let closed = false;
  const listeners = new Set<() => void>();

  const begin = () => {
    running.abort();
    const own = new AbortController();
    running = own;
    const effect = parts.effectOf(state);
    // An effect that outlives its phase has nothing to tell any more.
    const tell = (event: Event) => own.signal.aborted || send(event);
    effect?.(state, { send: tell, signal: own.signal }).catch(parts.onDefect);
  };

  const send = (event: Event) => {
    if (closed) return;
    const before = state;
    state = parts.next(before, event);
    if (state === before) return;
    if (parts.key(state) !== parts.key(before)) begin();
    for (const listener of listeners) listener();
  };

  begin();
  return {
    getState: () => state,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    send,
    close: () => {
      closed = true;
      running.abort();
    },
  };
};
