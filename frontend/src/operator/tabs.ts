/** Which part of the operator's page is shown, kept in the address: a reload and a link lead back to it. */
import { useEffect, useState } from "react";

export const TABS = ["loras", "queue", "server", "users"] as const;
export type Tab = (typeof TABS)[number];

export function tabOf(query: string): Tab {
  const named = new URLSearchParams(query).get("tab");
  return TABS.find((tab) => tab === named) ?? "loras";
}

export function useTab(): [Tab, (tab: Tab) => void] {
  const [tab, setTab] = useState<Tab>(() => tabOf(window.location.search));
  useEffect(() => {
    const onBack = () => setTab(tabOf(window.location.search));
    window.addEventListener("popstate", onBack);
    return () => window.removeEventListener("popstate", onBack);
  }, []);
  return [
    tab,
    (next) => {
      window.history.pushState(null, "", next === "loras" ? window.location.pathname : `?tab=${next}`);
      setTab(next);
    },
  ];
}
