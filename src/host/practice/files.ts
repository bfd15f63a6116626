// The practice server's file system: files and directories in memory, all of root's.

/** Anything with a path. A `generated` file is written anew at each reading, as those in /proc are. */
export type FileNode = { readonly inode: number; mode: number; modified: Date } & (
  | { readonly kind: 'file'; text: string }
  | { readonly kind: 'directory' }
  | { readonly kind: 'generated'; readonly read: () => string }
);

/** Paths are absolute. What a method can't do it answers with null or false, as its doc line says. */
export type Files = {
  /** The text of a file; null where there is none. */
  read(path: string): string | null;
  node(path: string): FileNode | null;
  /** Writes a file anew; false where its directory is missing or it is a directory. */
  write(path: string, text: string): boolean;
  append(path: string, text: string): boolean;
  generate(path: string, read: () => string): void;
  /** One empty file under two names. */
  link(path: string, other: string): void;
  makeDirectory(path: string, mode: number): boolean;
  /** Removes a file or directory with all that is in it; false where there is nothing. */
  remove(path: string): boolean;
  /** In one step, replacing what was there; false where there is nothing to rename. */
  rename(from: string, to: string): boolean;
  /** The names in a directory, sorted. */
  list(path: string): readonly string[];
  /** The paths that fit a shell's pattern, sorted. */
  find(pattern: string): readonly string[];
  /** Calls with every text appended to the file, whichever file has that path then. */
  watch(path: string, listener: (text: string) => void): () => void;
};

/** An empty file system. Directories on the way to a path are made with `makeParents` (scenarios) only. */
export function createFiles(now: () => Date): Files {
  const nodes = new Map<string, FileNode>();
  const listeners = new Set<{ path: string; listener: (text: string) => void }>();
  let lastInode = 4026531840;
  const create = (mode: number) => ({ inode: ++lastInode, mode, modified: now() });
  nodes.set('/', { kind: 'directory', ...create(0o755) });

  const node = (path: string) => nodes.get(normalise(path)) ?? null;
  const hasParent = (path: string) => node(parentOf(normalise(path)))?.kind === 'directory';
  const tell = (path: string, text: string) => {
    for (const one of listeners) if (one.path === normalise(path)) one.listener(text);
  };

  const put = (path: string, text: string, written: string): boolean => {
    const found = node(path);
    if (found === null) {
      if (!hasParent(path)) return false;
      nodes.set(normalise(path), { kind: 'file', text, ...create(0o644) });
    } else {
      if (found.kind !== 'file') return false;
      found.text = text;
      found.modified = now();
    }
    tell(path, written);
    return true;
  };

  const read = (path: string) => {
    const found = node(path);
    if (found === null || found.kind === 'directory') return null;
    return found.kind === 'file' ? found.text : found.read();
  };

  return {
    read,
    node,
    write: (path, text) => put(path, text, text),
    append: (path, text) => put(path, (read(path) ?? '') + text, text),
    generate(path, readIt) {
      nodes.set(normalise(path), { kind: 'generated', read: readIt, ...create(0o444) });
    },
    link(path, other) {
      const file: FileNode = { kind: 'file', text: '', ...create(0o444) };
      for (const name of [path, other]) nodes.set(normalise(name), file);
    },
    makeDirectory(path, mode) {
      if (node(path) !== null || !hasParent(path)) return false;
      nodes.set(normalise(path), { kind: 'directory', ...create(mode) });
      return true;
    },
    remove(path) {
      const own = normalise(path);
      for (const one of [...nodes.keys()]) if (one.startsWith(`${own}/`)) nodes.delete(one);
      return nodes.delete(own);
    },
    rename(from, to) {
      const [own, other] = [normalise(from), normalise(to)];
      if (!nodes.has(own) || !hasParent(to)) return false;
      for (const [path, one] of [...nodes]) {
        if (path !== own && !path.startsWith(`${own}/`)) continue;
        nodes.delete(path);
        nodes.set(other + path.slice(own.length), one);
      }
      return true;
    },
    list(path) {
      const own = normalise(path);
      const start = own === '/' ? '/' : `${own}/`;
      const inside = [...nodes.keys()].filter((one) => one !== '/' && one.startsWith(start));
      return inside
        .map((one) => one.slice(start.length))
        .filter((name) => !name.includes('/'))
        .sort();
    },
    find(pattern) {
      const expression = patternOf(pattern);
      return expression === null ? [] : [...nodes.keys()].filter((path) => expression.test(path)).sort();
    },
    watch(path, listener) {
      const one = { path: normalise(path), listener };
      listeners.add(one);
      return () => listeners.delete(one);
    },
  };
}

/** `*`, `?` and `[…]` don't reach over a slash. Null for what is no pattern. */
function patternOf(pattern: string): RegExp | null {
  const source = pattern
    .replaceAll(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return null;
  }
}

/** Makes a directory and all that are missing on the way to it. */
export function makeDirectories(files: Files, path: string, mode = 0o755): void {
  const parts = normalise(path).split('/').slice(1);
  for (const index of parts.keys()) files.makeDirectory(`/${parts.slice(0, index + 1).join('/')}`, mode);
}

/** Writes a file, making the directories on the way to it. */
export function placeFile(files: Files, path: string, text: string): void {
  makeDirectories(files, parentOf(normalise(path)));
  files.write(path, text);
}

/** `/a//b/../c/.` is `/a/c`. */
function normalise(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** The directory that a normalised path is in. */
function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
