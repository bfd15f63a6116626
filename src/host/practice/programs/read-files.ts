// The small programs that read files, as far as they are used: GNU coreutils' messages and exit codes.
import type { FileNode } from '../files.ts';
import { type Call, type Ended, failed, joined, type Program, pathOf, printed, splitOptions } from '../program.ts';
import { linesOf, readOr } from '../read-operand.ts';

const MISSING = 'No such file or directory';

export const cat: Program = (call) => {
  const { operands } = splitOptions(call.args);
  if (operands.length === 0) return printed(call.input);
  return joined(operands.map((path) => readOr(call, path, (text) => text)));
};

export const head: Program = (call) => readPart(call, (lines, count) => lines.slice(0, count));

export const tail: Program = (call) => readPart(call, (lines, count) => (count === 0 ? [] : lines.slice(-count)));

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

/** `base64 FILE`, `base64 -d` of its input. Files hold text in UTF-8. */
export const base64: Program = (call) => {
  const { options, operands } = splitOptions(call.args, 'w');
  const path = operands[0] ?? '-';
  return readOr(call, path, (text) => (options.has('d') ? decodeBase64(text) : `${encodeBase64(text)}\n`));
};

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

function encodeBase64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''));
}

function decodeBase64(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
}
