import { useRouter } from "next/navigation";

const CREATE_PAGE = "/";

/** Leads to the newest results: the top of the create page. */
export function useShowResults(): () => void {
  const router = useRouter();
  return () => {
    if (window.location.pathname === CREATE_PAGE) window.scrollTo({ top: 0, behavior: "smooth" });
    else router.push(CREATE_PAGE);
  };
}
