import type { NextConfig } from "next";
import { PHASE_DEVELOPMENT_SERVER } from "next/constants";

/** Where `next dev` finds the API; the built page asks its own origin or NEXT_PUBLIC_API_URL. */
const API_IN_DEVELOPMENT = process.env.STUDIO_API_URL ?? "http://127.0.0.1:8000";

export default function config(phase: string): NextConfig {
  const shared: NextConfig = {
    trailingSlash: true,
    images: { unoptimized: true },
    reactStrictMode: true,
    typescript: { ignoreBuildErrors: true }, // `npm run check` runs tsc: each build would take a third longer
  };
  if (phase !== PHASE_DEVELOPMENT_SERVER) {
    return { ...shared, output: "export" };
  }
  return {
    ...shared,
    compress: false, // compression would hold back server-sent events
    skipTrailingSlashRedirect: true,
    async rewrites() {
      const paths = ["/api/:path*", "/files/:path*", "/docs/:path*", "/openapi.json", "/healthz", "/readyz"];
      return paths.map((source) => ({ source, destination: API_IN_DEVELOPMENT + source }));
    },
  };
}
