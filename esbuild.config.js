// One file, dist/lo-doctor.js: production React, no devtools. Ink stays behind a dynamic import, so only what draws runs it.
import { build } from 'esbuild';

const empty = {
  name: 'no-react-devtools',
  setup(bundler) {
    bundler.onResolve({ filter: /^react-devtools-core$/ }, () => ({ path: 'devtools', namespace: 'empty' }));
    bundler.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'export default {}' }));
  },
};

const { default: manifest } = await import('./package.json', { with: { type: 'json' } });
await build({
  entryPoints: ['src/cli.tsx'],
  outfile: 'dist/lo-doctor.js',
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
