"use client";
import { useState } from "react";
import { answer, api } from "@/api/client";
import { AskForm } from "@/components/form/ApiForm";
import { Shell } from "@/components/Shell";
import { Button } from "@/components/ui/button";
import { text } from "@/components/form/form-text";
import { NewPassword } from "./NewPassword";

/** Where the operator's one-time link leads. */
export function Reset() {
  const [isDone, setIsDone] = useState(false);

  async function reset(data: FormData) {
    const token = new URLSearchParams(window.location.search).get("token") ?? "";
    await answer(
      api.POST("/api/auth/reset", { body: { token: token || "none", new_password: text(data, "new_password") } }),
    );
    setIsDone(true);
  }

  if (isDone) {
    return (
      <Shell
        title="The new password holds"
        width="narrow"
        note="Everybody who was logged in with the old one is logged out."
      >
        <Button asChild>
          <a href="/login/">Log in</a>
        </Button>
      </Shell>
    );
  }
  return (
    <Shell title="Set a new password" width="narrow" note="The link works once.">
      <AskForm label="New password" submit="Set the password" onSubmit={reset}>
        {(problemOf) => <NewPassword label="New password" problem={problemOf("new_password")} />}
      </AskForm>
    </Shell>
  );
}
