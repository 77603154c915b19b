import { preload } from "react-dom";
import { Create } from "@/create/Create";
import { FIRST_PAGE_ADDRESS } from "@/jobs/history/first-page";

export default function Page() {
  preload(FIRST_PAGE_ADDRESS, { as: "fetch", crossOrigin: "anonymous" });
  return <Create />;
}
