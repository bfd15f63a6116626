// The small programs that read and change files, as far as they are used: GNU coreutils' messages and exit codes.
import type { FileNode } from '../files.ts';
import { type Call, type Ended, failed, joined, type Program, pathOf, printed, splitOptions } from '../program.ts';

const MISSING = 'No such file or directory';

export const cat: Program = (call) => {
  const { operands } = splitOptions(call.args);
  if (operands.length === 0) return printed(call.input);
  return joined(operands.map((path) => readOr(call, path, (text) => text)));
};

export const head: Program = (call) => readPart(call, (lines, count) => lines.slice(0, count));
export const tail: Program = (call) => readPart(call, (lines, count) => (count === 0 ? [] : lines.slice(-count)));

export const tee: Program = (call) => {
  const { options, operands } = splitOptions(call.args);
  const { files } = call.server;
  const ends = operands.map((path) => {
    const done = options.has('a')
      ? files.append(pathOf(call, path), call.input)
      : files.write(pathOf(call, path), call.input);
    return done ? printed() : failed(1, `tee: ${path}: ${MISSING}`);
  });
  return joined([printed(call.input), ...ends]);
};

export const ls: Program = (call) => {
  const { operands } = splitOptions(call.args, 'I');
  const { files } = call.server;
  return joined(
    (operands.length === 0 ? ['.'] : operands).map((path) => {
      const found = files.node(pathOf(call, path));
      if (found === null) return failed(2, `ls: cannot access '${path}': ${MISSING}`);
      const names = found.kind === 'directory' ? files.list(pathOf(call, path)) : [path];
      return printed(names.map((name) => `${name}\n`).join(''));
    }),
  );
};

export const mkdir: Program = (call) => {
  const { options, operands } = splitOptions(call.args, 'm');
  const { files } = call.server;
  const mode = Number.parseInt(options.get('m') ?? '755', 8);
  return joined(
    operands.map((path) => {
      const parents = options.has('p') ? parentsOf(pathOf(call, path)) : [];
      for (const parent of parents) files.makeDirectory(parent, 0o755);
      if (files.makeDirectory(pathOf(call, path), mode)) return printed();
      const isThere = files.node(pathOf(call, path)) !== null;
      if (isThere && options.has('p')) return printed();
      return failed(1, `mkdir: cannot create directory ‘${path}’: ${isThere ? 'File exists' : MISSING}`);
    }),
  );
};

export const mv: Program = (call) => {
  const { operands } = splitOptions(call.args);
  const [from = '', to = ''] = operands;
  const { files } = call.server;
  if (files.node(pathOf(call, from)) === null) return failed(1, `mv: cannot stat '${from}': ${MISSING}`);
  const into = files.node(pathOf(call, to))?.kind === 'directory' ? `${to}/${baseName(from)}` : to;
  if (files.rename(pathOf(call, from), pathOf(call, into))) return printed();
  return failed(1, `mv: cannot move '${from}' to '${to}': ${MISSING}`);
};

export const cp: Program = (call) => {
  const { operands } = splitOptions(call.args);
  const { files } = call.server;
  const to = operands.at(-1) ?? '';
  const isDirectory = files.node(pathOf(call, to))?.kind === 'directory';
  return joined(
    operands.slice(0, -1).map((from) => {
      const text = files.read(pathOf(call, from));
      if (text === null) return failed(1, `cp: cannot stat '${from}': ${MISSING}`);
      const target = isDirectory ? `${to}/${baseName(from)}` : to;
      if (files.write(pathOf(call, target), text)) {
        copyMode(call, from, target);
        return printed();
      }
      return failed(1, `cp: cannot create regular file '${target}': ${MISSING}`);
    }),
  );
};

function copyMode(call: Call, from: string, to: string): void {
  const [source, target] = [from, to].map((path) => call.server.files.node(pathOf(call, path)));
  if (source && target) target.mode = source.mode;
}

export const rm: Program = (call) => {
  const { options, operands } = splitOptions(call.args);
  const { files } = call.server;
  return joined(
    operands.map((path) => {
      const found = files.node(pathOf(call, path));
      if (found?.kind === 'directory' && !options.has('r'))
        return failed(1, `rm: cannot remove '${path}': Is a directory`);
      if (files.remove(pathOf(call, path)) || options.has('f')) return printed();
      return failed(1, `rm: cannot remove '${path}': ${MISSING}`);
    }),
  );
};

export const rmdir: Program = (call) => {
  const [path = ''] = call.args;
  const { files } = call.server;
  if (files.node(pathOf(call, path))?.kind !== 'directory')
    return failed(1, `rmdir: failed to remove '${path}': ${MISSING}`);
  if (files.list(pathOf(call, path)).length > 0)
    return failed(1, `rmdir: failed to remove '${path}': Directory not empty`);
  files.remove(pathOf(call, path));
  return printed();
};

export const chmod: Program = (call) => {
  const [mode = '', ...paths] = splitOptions(call.args).operands;
  for (const path of paths) {
    const found = call.server.files.node(pathOf(call, path));
    if (found === null) return failed(1, `chmod: cannot access '${path}': ${MISSING}`);
    if (/^[0-7]{3,4}$/.test(mode)) found.mode = Number.parseInt(mode, 8);
  }
  return printed();
};

export const touch: Program = (call) => {
  for (const path of splitOptions(call.args).operands) {
    if (!call.server.files.append(pathOf(call, path), ''))
      return failed(1, `touch: cannot touch '${path}': ${MISSING}`);
  }
  return printed();
};

/** `base64 FILE`, `base64 -d` of its input. Files hold text in UTF-8. */
export const base64: Program = (call) => {
  const { options, operands } = splitOptions(call.args, 'w');
  const path = operands[0] ?? '-';
  return readOr(call, path, (text) => (options.has('d') ? decodeBase64(text) : `${encodeBase64(text)}\n`));
};

function encodeBase64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''));
}

function decodeBase64(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
}

/** `stat -c FORMAT [-L] PATH…` */
export const stat: Program = (call) => {
  const { options, operands } = splitOptions(call.args, 'c');
  const format = options.get('c') ?? options.get('format') ?? '%n';
  if (options.has('f'))
    return printed(`${format.replaceAll('%a', '4823511').replaceAll('%S', '4096').replaceAll('%d', '1310720')}\n`);
  return joined(
    operands.map((path) => {
      const found = call.server.files.node(pathOf(call, path));
      if (found === null) return failed(1, `stat: cannot statx '${path}': ${MISSING}`);
      return printed(`${formatStat(format, path, found, call.server.files.read(pathOf(call, path)) ?? '')}\n`);
    }),
  );
};

/** `test -e PATH`, `test TEXT = TEXT`, `test -n TEXT`, with `!` in front; `[` is the same. */
export const test: Program = (call) => {
  const words = call.name === '[' ? call.args.slice(0, -1) : call.args;
  const negated = words[0] === '!';
  return failed(holds(call, negated ? words.slice(1) : words) !== negated ? 0 : 1, '');
};

export const grep: Program = (call) => {
  const { options, operands } = splitOptions(call.args, 'emA');
  const [pattern = '', ...paths] = options.has('e') ? [options.get('e') ?? '', ...operands] : operands;
  const ends =
    paths.length === 0
      ? [printed(call.input)]
      : paths.map((path) => readOr({ ...call, name: 'grep' }, path, (text) => text));
  const { stdout, stderr, code } = joined(ends);
  const matches = matcher(pattern, options);
  const found = linesOf(stdout).filter((line) => matches(line) !== options.has('v'));
  const output = options.has('c') ? `${found.length}\n` : found.map((line) => `${line}\n`).join('');
  return { code: code !== 0 ? 2 : found.length > 0 ? 0 : 1, stdout: options.has('q') ? '' : output, stderr };
};

export const wc: Program = (call) => {
  const { options, operands } = splitOptions(call.args);
  const [path] = operands;
  return readOr(call, path ?? '-', (text) => {
    const size = options.has('c') ? text.length : text.split('\n').length - 1;
    return `${size}${path === undefined ? '' : ` ${path}`}\n`;
  });
};

export const readlink: Program = (call) => {
  const path = splitOptions(call.args).operands[0] ?? '';
  return call.server.files.node(pathOf(call, path)) === null ? failed(1, '') : printed(`${pathOf(call, path)}\n`);
};

export const echo: Program = ({ args }) => printed(args[0] === '-n' ? args.slice(1).join(' ') : `${args.join(' ')}\n`);
export const succeed: Program = () => printed();
export const fail: Program = () => failed(1, '');

export const sleep: Program = async ({ args, server, signal }) => {
  const seconds = Number(args[0]);
  if (Number.isNaN(seconds)) return failed(1, `sleep: invalid time interval ‘${args[0] ?? ''}’`);
  await server.clock.sleep(seconds, signal);
  return printed();
};

function readOr(call: Call, path: string, convert: (text: string) => string): Ended {
  const text = path === '-' ? call.input : call.server.files.read(pathOf(call, path));
  if (text !== null) return printed(convert(text));
  const isDirectory = call.server.files.node(pathOf(call, path)) !== null;
  return failed(1, `${call.name}: ${path}: ${isDirectory ? 'Is a directory' : MISSING}`);
}

/** `-n COUNT`, `-COUNT`, `-c BYTES`; `tail -n +2` is from the second line. */
function readPart(call: Call, choose: (lines: string[], count: number) => string[]): Ended {
  const args = call.args.map((word) => (/^-\d+$/.test(word) ? `-n${word.slice(1)}` : word));
  const { options, operands } = splitOptions(args, 'nc');
  const count = options.get('n') ?? options.get('lines') ?? '10';
  const paths = operands.length === 0 ? ['-'] : operands;
  return joined(
    paths.map((path) =>
      readOr(call, path, (text) => {
        if (options.has('c')) return readBytes(call.name, text, options.get('c') ?? '');
        const lines = linesOf(text);
        const chosen = count.startsWith('+') ? lines.slice(Number(count) - 1) : choose(lines, Number(count));
        return chosen.map((line) => `${line}\n`).join('');
      }),
    ),
  );
}

function readBytes(name: string, text: string, count: string): string {
  if (count.startsWith('+')) return text.slice(Number(count) - 1);
  return name === 'head' ? text.slice(0, Number(count)) : text.slice(-Number(count) || text.length);
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function matcher(pattern: string, options: ReadonlyMap<string, string>): (line: string) => boolean {
  const fold = (text: string) => (options.has('i') ? text.toLowerCase() : text);
  if (options.has('F')) return (line) => fold(line).includes(fold(pattern));
  try {
    const expression = new RegExp(options.has('w') ? `\\b(?:${pattern})\\b` : pattern, options.has('i') ? 'i' : '');
    return (line) => expression.test(line);
  } catch {
    return (line) => line.includes(pattern);
  }
}

function formatStat(format: string, path: string, found: FileNode, text: string): string {
  const kinds = { file: 'regular file', generated: 'regular file', directory: 'directory' };
  const values: Readonly<Record<string, string>> = {
    n: path,
    F: found.kind !== 'directory' && text === '' ? 'regular empty file' : kinds[found.kind],
    u: '0',
    g: '0',
    U: 'root',
    G: 'root',
    a: found.mode.toString(8),
    i: `${found.inode}`,
    d: '2049',
    s: `${new TextEncoder().encode(text).length}`,
    Y: `${Math.floor(found.modified.getTime() / 1000)}`,
  };
  return format.replaceAll(/%(.)/g, (all, letter: string) => values[letter] ?? all);
}

function holds(call: Call, words: readonly string[]): boolean {
  const [first = '', second, third = ''] = words;
  if (second === '=' || second === '==') return first === third;
  if (second === '!=') return first !== third;
  if (second === undefined) return first !== '';
  const found = call.server.files.node(pathOf(call, second));
  switch (first) {
    case '-n':
      return second !== '';
    case '-z':
      return second === '';
    case '-d':
      return found?.kind === 'directory';
    case '-f':
      return found !== null && found.kind !== 'directory';
    case '-s':
      return (call.server.files.read(pathOf(call, second)) ?? '') !== '';
    case '-S':
    case '-L':
    case '-h':
      return false;
    default:
      return found !== null;
  }
}

function parentsOf(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.slice(0, -1).map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
