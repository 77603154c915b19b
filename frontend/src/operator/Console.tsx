"use client";
import { useQueryStates } from "nuqs";
import { Tabs } from "radix-ui";
import { OPERATOR_TABS, type OperatorTab, PARSERS } from "@/address/parsers";
import { useOptions } from "@/api/catalog";
import { t, tName } from "@/i18n/t";
import { lazyPart } from "@/lib/lazy";
import { Loras } from "@/operator/loras/Loras";
import { Moderation } from "@/operator/moderation/Moderation";
import { Offers } from "./Offers";
import { Queue } from "./Queue";
import { Server } from "./Server";
import { Users } from "./Users";

const [Overview] = lazyPart(() => import("./overview/Overview"), { meanwhile: () => <div className="min-h-96" /> });

const NAMES: Readonly<Record<OperatorTab, string>> = {
  overview: "Overview",
  loras: "LoRAs",
  queue: "Queue",
  server: "Server",
  users: "Users",
  gallery: "Gallery",
  moderation: "Moderation",
};

/** The operator's console. Its code and its calls come only where an operator has logged in. */
export default function Console() {
  const [{ tab }, setAddress] = useQueryStates(PARSERS.operator);
  const options = useOptions().data;
  const isModerated = options?.moderation !== undefined;
  const absent = [!isModerated && "moderation", !options?.gallery && "gallery"];
  const tabs = OPERATOR_TABS.filter((each) => !absent.includes(each));
  return (
    <Tabs.Root value={tab} onValueChange={(value) => setAddress({ tab: value as OperatorTab })} className="space-y-6">
      <Tabs.List
        aria-label={t("Operator")}
        className="flex w-fit max-w-full gap-1 overflow-x-auto rounded-full bg-muted p-1"
      >
        {tabs.map((each) => (
          <Tabs.Trigger
            key={each}
            value={each}
            className="h-8 whitespace-nowrap rounded-full px-4 text-muted-foreground text-sm transition-colors data-[state=active]:bg-card data-[state=active]:font-medium data-[state=active]:text-foreground data-[state=active]:shadow-sm forced-colors:data-[state=active]:outline-2"
          >
            {tName(NAMES[each])}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      <Tabs.Content value="overview">
        <Overview />
      </Tabs.Content>
      <Tabs.Content value="loras">
        <Loras />
      </Tabs.Content>
      <Tabs.Content value="queue">
        <Queue />
      </Tabs.Content>
      <Tabs.Content value="server">
        <Server />
      </Tabs.Content>
      <Tabs.Content value="users">
        <Users />
      </Tabs.Content>
      <Tabs.Content value="gallery">
        <Offers />
      </Tabs.Content>
      {isModerated && (
        <Tabs.Content value="moderation">
          <Moderation />
        </Tabs.Content>
      )}
    </Tabs.Root>
  );
}
