import { preload } from "react-dom";
import { CATALOG_ADDRESSES } from "@/api/catalog-addresses";
import { Create } from "@/create/Create";
import { FIRST_PAGE_ADDRESS } from "@/jobs/history/first-page";

export default function Page() {
  for (const address of [FIRST_PAGE_ADDRESS, ...CATALOG_ADDRESSES]) {
    preload(address, { as: "fetch", crossOrigin: "anonymous" });
  }
  return <Create />;
}
