"use client";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { ThemeProvider } from "next-themes";
import { type ReactNode, useState } from "react";
import { Refused } from "@/api/client";
import { Notices } from "@/components/Notices";

const RETRY_AFTER_MS = 2_000;

/** A refusal stays a refusal; a server that does not answer, or a proxy in its place, is asked until it does. */
function newQueryClient() {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: (_, error) => !(error instanceof Refused && error.status < 500),
        retryDelay: RETRY_AFTER_MS,
        networkMode: "always",
      },
    },
  });
}

export function Providers({ children }: { children: ReactNode }) {
  const [queries] = useState(newQueryClient);
  return (
    <QueryClientProvider client={queries}>
      <ThemeProvider attribute="class" defaultTheme="system" enableSystem disableTransitionOnChange>
        {children}
        <Notices />
      </ThemeProvider>
    </QueryClientProvider>
  );
}
