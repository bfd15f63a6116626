// What runs is built into dist/. docs/decisions/0004 says why in this form.
// lo-doctor.js, which tells a too old Node so; main.js and the parts of the quick commands, each a script by itself; lo-doctor.mjs, the whole command line, with parts that are
// loaded when a command needs them, so that only what draws loads Ink and React. Production React, no devtools.
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const { default: manifest } = await import('./package.json', { with: { type: 'json' } });

const common = {
  outdir: 'dist',
  bundle: true,
  minify: true,
  metafile: true,
  platform: 'node',
  target: 'node22',
  define: { 'process.env.NODE_ENV': '"production"', LO_DOCTOR_VERSION: JSON.stringify(manifest.version) },
};

const withoutDevtools = {
  name: 'without-devtools',
  setup(bundler) {
    bundler.onResolve({ filter: /^react-devtools-core$/ }, () => ({ path: 'devtools', namespace: 'empty' }));
    bundler.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'export default {}' }));
  },
};

/** What is imported only when it is needed, by where it is found. */
const APART = {
  './main.ts': './main.js',
  './quick/trace.ts': './parts/trace.js',
  './quick/logs.ts': './parts/logs.js',
  './cli.tsx': './lo-doctor.mjs',
  './read-server.ts': './read-server.mjs',
  execa: './execa.mjs',
};

const apart = {
  name: 'apart',
  setup(bundler) {
    bundler.onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === 'dynamic-import' && path in APART ? { path: APART[path], external: true } : undefined,
    );
  },
};

const scripts = {
  ...common,
  format: 'cjs',
  // import() would load the loader of modules first; require() takes modules too.
  supported: { 'dynamic-import': false },
  plugins: [apart],
};

const results = [
  await build({
    ...scripts,
    entryPoints: { 'lo-doctor': 'src/start.ts' },
    target: 'es2015',
    define: { ...common.define, LO_DOCTOR_NODE: JSON.stringify(manifest.engines.node.replace('>=', '')) },
    banner: { js: '#!/usr/bin/env node' },
  }),
  await build({
    ...scripts,
    entryPoints: { main: 'src/main.ts', 'parts/trace': 'src/quick/trace.ts', 'parts/logs': 'src/quick/logs.ts' },
  }),
  await build({
    ...common,
    entryPoints: {
      'lo-doctor': 'src/cli.tsx',
      'parts/read-server': 'src/work/read-server.ts',
      'parts/execa': 'execa',
    },
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    splitting: true,
    chunkNames: 'parts/[hash]',
    jsx: 'automatic',
    banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
    plugins: [withoutDevtools],
  }),
];

// Parts of earlier builds.
const built = new Set(results.flatMap(({ metafile }) => Object.keys(metafile.outputs).map((file) => basename(file))));
for (const folder of ['dist', 'dist/parts'])
  for (const file of readdirSync(folder))
    if (file !== 'parts' && file !== 'lo-doctor.1' && !built.has(file)) rmSync(join(folder, file));
// From the same table as --help.
const { manPage } = await import('./src/completion/man-page.ts');
writeFileSync('dist/lo-doctor.1', manPage(manifest.version));
// The folder runs wherever it is copied to.
writeFileSync('dist/package.json', '{"type":"commonjs"}\n');
