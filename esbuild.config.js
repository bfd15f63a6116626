// One bundle in dist/: lo-doctor.js and its parts, which are loaded when a command needs them, so that only what draws loads Ink and React.
// Production React, no devtools.
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { build } from 'esbuild';

const empty = {
  name: 'no-react-devtools',
  setup(bundler) {
    bundler.onResolve({ filter: /^react-devtools-core$/ }, () => ({ path: 'devtools', namespace: 'empty' }));
    bundler.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'export default {}' }));
  },
};

const { default: manifest } = await import('./package.json', { with: { type: 'json' } });
const { metafile } = await build({
  entryPoints: [{ in: 'src/cli.tsx', out: 'lo-doctor' }],
  outdir: 'dist',
  chunkNames: 'parts/[hash]',
  splitting: true,
  metafile: true,
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"production"', LO_DOCTOR_VERSION: JSON.stringify(manifest.version) },
  banner: {
    js: '#!/usr/bin/env node\nimport{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);',
  },
  plugins: [empty],
});

// Parts of earlier builds.
const built = new Set(Object.keys(metafile.outputs).map((file) => basename(file)));
for (const file of readdirSync('dist/parts')) if (!built.has(file)) rmSync(`dist/parts/${file}`);
// The folder runs wherever it is copied to.
writeFileSync('dist/package.json', '{"type":"module"}\n');
