import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const backend = process.env.FIDUCIAL_BACKEND ?? 'http://127.0.0.1:8000';

export default defineConfig({
  base: '/static/app/',
  plugins: [react()],
  // vtk.js -> xmlbuilder2 extends Node's EventEmitter; without the npm polyfill the bundle dies at load.
  resolve: { alias: { events: 'events/' } },
  // The image loader finds its worker and wasm by import.meta.url, so the dev server must not pre-bundle it;
  // its codecs are CommonJS and must be pre-bundled by their exact specifiers.
  optimizeDeps: {
    exclude: ['@cornerstonejs/dicom-image-loader'],
    include: [
      'dicom-parser',
      '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs',
      '@cornerstonejs/codec-charls/decodewasmjs',
      '@cornerstonejs/codec-openjpeg/decodewasmjs',
      '@cornerstonejs/codec-openjph/wasmjs',
    ],
  },
  worker: { format: 'es' },
  build: { target: 'es2022', sourcemap: false, chunkSizeWarningLimit: 5000, assetsInlineLimit: 0 },
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy: Object.fromEntries(
      ['^/api/', '^/t/[^/]+/api/', '^/t/[^/]+/dicomweb/', '^/t/[^/]+/oidc/', '^/dicomweb/'].map((path) => [path, backend]),
    ),
  },
});
