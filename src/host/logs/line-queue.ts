// Many producers, one reader: the lines of all log sources become one stream.

/** A queue that holds so many items at most: whoever puts one more waits until there is room. `fail` ends it for its reader with an error. */
export type Queue<T> = {
  put(item: T): Promise<void>;
  end(): void;
  fail(error: unknown): void;
  items: AsyncIterable<T>;
};

/** Creates a queue for one reader. Once ended it takes nothing more; what it holds can still be read. */
export function createQueue<T>(limit = 1000): Queue<T> {
  const held: T[] = [];
  let ended = false;
  let failure: { readonly error: unknown } | null = null;
  let turn = Promise.withResolvers<void>();

  /** Wakes all who wait for a change; each looks for itself whether it was the one it needs. */
  function changed(): void {
    turn.resolve();
    turn = Promise.withResolvers();
  }

  async function* read(): AsyncGenerator<T> {
    for (;;) {
      const taken = held.splice(0);
      changed();
      yield* taken;
      if (held.length > 0) continue;
      if (failure !== null) throw failure.error;
      if (ended) return;
      await turn.promise;
    }
  }

  return {
    async put(item) {
      while (held.length >= limit && !ended) await turn.promise;
      if (ended) return;
      held.push(item);
      changed();
    },
    end() {
      ended = true;
      changed();
    },
    fail(error) {
      if (ended) return;
      failure = { error };
      ended = true;
      changed();
    },
    items: read(),
  };
}
