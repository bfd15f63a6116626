// The small programs that change files, as far as they are used: GNU coreutils' messages and exit codes.
import { type Call, failed, joined, type Program, pathOf, printed, splitOptions } from '../program.ts';

const MISSING = 'No such file or directory';

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
      return failed(1, `mkdir: cannot create directory ‘${path}': ${isThere ? 'File exists' : MISSING}`);
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

function parentsOf(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.slice(0, -1).map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
