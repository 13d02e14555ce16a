import { defineConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

/** The bridge that `vite dev` talks to; the test server by default. */
const backend = process.env.PWA_BACKEND ?? 'http://127.0.0.1:18190';

export default defineConfig({
  root: import.meta.dirname,
  base: '/app/',
  // Where lit's development build warns, the production one is half the size.
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: 'es' },
  server: {
    host: '127.0.0.1',
    port: 18191,
    proxy: { '/mlops': { target: backend, ws: true, secure: false, changeOrigin: true } },
  },
  plugins: [
    VitePWA({
      registerType: 'prompt',
      injectRegister: false,
      includeAssets: ['icons/*.png', 'icons/*.svg'],
      manifest: {
        id: '/app/',
        name: 'CreativeFlow MLOps',
        short_name: 'CreativeFlow',
        description: 'From an uploaded model to a live endpoint, each step seen.',
        start_url: '/app/',
        scope: '/app/',
        display: 'standalone',
        background_color: '#f7f7f5',
        theme_color: '#f7f7f5',
        icons: [
          { src: 'icons/icon-192.png', sizes: '192x192', type: 'image/png' },
          { src: 'icons/icon-512.png', sizes: '512x512', type: 'image/png' },
          {
            src: 'icons/maskable-512.png',
            sizes: '512x512',
            type: 'image/png',
            purpose: 'maskable',
          },
          { src: 'icons/icon.svg', sizes: 'any', type: 'image/svg+xml' },
        ],
        shortcuts: [{ name: 'Upload a model', url: '/app/#/upload' }],
      },
      workbox: {
        globPatterns: ['**/*.{js,css,html,woff2,png,svg}'],
        // Only our own pages: what the server knows is kept by the app itself, with its age.
        navigateFallback: '/app/index.html',
        navigateFallbackAllowlist: [/^\/app(\/|$)/],
        cleanupOutdatedCaches: true,
      },
    }),
  ],
});
