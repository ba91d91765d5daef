/** Builds the browser client into one folder of static files; where that folder goes is the caller's `--outDir`. */

import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  cacheDir: "../node_modules/.vite",
  build: {
    // The pages are served under `default-src 'self'`: nothing may turn into a data: URL.
    assetsInlineLimit: 0,
    // A source map would carry the paths of the machine that built it.
    sourcemap: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
});
