"use client";
import { MutationCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { ThemeProvider } from "next-themes";
import { enableHistorySync, NuqsAdapter } from "nuqs/adapters/react";
import { type ReactNode, useEffect, useState } from "react";
import { Refused } from "@/api/client";
import { Notices } from "@/components/Notices";
import { Translated } from "@/i18n/Translated";
import { notify } from "@/lib/notify";
import { keepScroll } from "@/lib/scroll-memory";
import { errorText } from "@/lib/words/error-text";

const RETRY_AFTER_MS = 2_000;

/** Queries: a refusal is final; while the server is unreachable, or a proxy responds for it, they retry. Mutations:
 * a failure becomes a notice, unless the caller reports it (`meta: { isReported: true }`). */
function newQueryClient() {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: (_, error) => !(error instanceof Refused && error.status < 500),
        retryDelay: RETRY_AFTER_MS,
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
    mutationCache: new MutationCache({
      onError: (error, _variables, _result, { meta }) => meta?.isReported || notify("error", errorText(error)),
    }),
  });
}

// links of next/link change the address too
enableHistorySync();

/** The address: nuqs's React adapter, not its Next one. That one reads `useSearchParams`, which would take the form out of
 * the exported HTML; this one hydrates without a query and reads it right after. */
export function Providers({ children }: { children: ReactNode }) {
  const [queries] = useState(newQueryClient);
  useEffect(keepScroll, []);
  return (
    <QueryClientProvider client={queries}>
      <NuqsAdapter>
        <ThemeProvider attribute="class" defaultTheme="system" enableSystem disableTransitionOnChange>
          <Translated>
            {children}
            <Notices />
          </Translated>
        </ThemeProvider>
      </NuqsAdapter>
    </QueryClientProvider>
  );
}
