import { Header } from "@/components/Header";
import { Link } from "@/components/Link";
import { buttonLook } from "@/components/ui/button";

export default function NotFound() {
  return (
    <>
      <Header />
      <main className="mx-auto flex max-w-lg flex-col items-start gap-4 px-6 py-24">
        <h1 className="font-semibold text-2xl">There is no such page.</h1>
        <p className="text-muted-foreground">The address may be mistyped, or what it showed is gone.</p>
        <Link className={buttonLook()} href="/">
          Make pictures
        </Link>
      </main>
    </>
  );
}
