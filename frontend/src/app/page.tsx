import { Create } from "@/create/Create";

export default function Page() {
  return <Create />;
}
