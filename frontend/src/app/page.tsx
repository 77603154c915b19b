import { preload } from "react-dom";
import { OPTIONS_ADDRESS } from "@/api/options-address";
import { Create } from "@/create/Create";
import { FIRST_PAGE_ADDRESS } from "@/jobs/history/first-page";

export default function Page() {
  for (const address of [FIRST_PAGE_ADDRESS, OPTIONS_ADDRESS]) {
    preload(address, { as: "fetch", crossOrigin: "anonymous" });
  }
  return <Create />;
}
