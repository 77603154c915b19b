"use client";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, type RefObject, useState } from "react";
import { answer, api } from "@/api/client";
import type { LoraDetail, LoraOption, Options } from "@/api/types";
import { Choice } from "@/components/form/Choice";
import { NumberField } from "@/components/form/NumberField";
import { Button } from "@/components/ui/button";
import { Dialog, DialogPanel } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { t } from "@/i18n/t";
import { notify } from "@/lib/notify";
import { errorText } from "@/lib/words/error-text";
import { type FewStepsChanges, FewStepsFields } from "./FewStepsFields";

interface EditLoraProps {
  lora: LoraOption;
  options: Options;
  trigger: RefObject<HTMLElement | null>;
  onChange: () => void;
  onClose: () => void;
}

/** Trigger words, weight and few steps of one version or of all, next to the file's own. */
export function EditLora({ lora, options, trigger, onChange, onClose }: EditLoraProps) {
  const detail = useQuery({
    queryKey: ["lora", lora.label, lora.sha256],
    queryFn: () => answer(api.GET("/api/loras/{name}", { params: { path: { name: lora.label } } })),
    gcTime: 0,
  });
  return (
    <Dialog open onOpenChange={(open) => open || onClose()}>
      <DialogPanel
        place="side"
        title={lora.label}
        description={t("Trigger words, default weight and steps.")}
        returnFocus={trigger}
      >
        {detail.data ? (
          <Edit detail={detail.data} options={options} onChange={onChange} onClose={onClose} />
        ) : (
          <p role="status" className="min-h-40 text-muted-foreground text-sm">
            {detail.failureReason ? errorText(detail.failureReason) : ""}
          </p>
        )}
      </DialogPanel>
    </Dialog>
  );
}

interface EditProps {
  detail: LoraDetail;
  options: Options;
  onChange: () => void;
  onClose: () => void;
}

function Edit({ detail, options, onChange, onClose }: EditProps) {
  const { lora, file_trigger, file_weight } = detail;
  const own_weight = file_weight ?? (lora.few_steps ? 1 : options.defaults.lora_weight);
  const [isForAll, setIsForAll] = useState(lora.version !== null);
  const [trigger, setTrigger] = useState(lora.trigger ?? "");
  const [weight, setWeight] = useState(lora.weight ?? own_weight);
  const [fewSteps, setFewSteps] = useState<FewStepsChanges>({});
  const max = options.bounds.max_lora_weight;
  const { mutate, isPending } = useMutation({
    mutationFn: () => {
      const body = {
        trigger: trigger.trim() === (file_trigger ?? "") ? null : trigger.trim(),
        weight: weight === own_weight ? null : weight,
        ...fewSteps,
      };
      const name = isForAll ? lora.name : lora.label;
      return answer(api.PATCH("/api/loras/{name}", { params: { path: { name } }, body }));
    },
    onSuccess() {
      notify(
        "success",
        t("{name}: the changes are saved.", {
          name: isForAll ? t("All versions of {name}", { name: lora.name }) : lora.label,
        }),
      );
      onChange();
      onClose();
    },
  });

  function save(event: FormEvent) {
    event.preventDefault();
    if (!isPending) mutate();
  }

  return (
    <form onSubmit={save} className="space-y-6 pt-2">
      {lora.version !== null && (
        <Choice
          legend={t("For")}
          items={[
            { value: "all", label: t("All of {name}", { name: lora.name }) },
            { value: "this", label: t("Only {name}", { name: lora.label }) },
          ]}
          value={isForAll ? "all" : "this"}
          onChange={(value) => setIsForAll(value === "all")}
        />
      )}
      <Field
        label={t("Trigger words")}
        value={trigger}
        maxLength={500}
        onChange={(event) => setTrigger(event.target.value)}
        hint={
          <Own
            text={file_trigger ? t("The file says “{words}”.", { words: file_trigger }) : t("None in the file.")}
            isTaken={trigger === (file_trigger ?? "")}
            onTake={() => setTrigger(file_trigger ?? "")}
          />
        }
      />
      <div className="space-y-1.5">
        <NumberField
          label={t("Weight")}
          value={weight}
          min={-max}
          max={max}
          step={0.01}
          sliderStep={0.05}
          sliderMax={max}
          onChange={setWeight}
        />
        <p className="text-muted-foreground text-xs">
          <Own
            text={
              file_weight === null
                ? t("Server default: {weight}.", { weight: own_weight })
                : t("The file says {weight}.", { weight: file_weight })
            }
            isTaken={weight === own_weight}
            onTake={() => setWeight(own_weight)}
          />
        </p>
      </div>
      <FewStepsFields now={lora.few_steps} file={detail.file_few_steps} changes={fewSteps} onChange={setFewSteps} />
      <Button type="submit" aria-disabled={isPending}>
        {t("Save")}
      </Button>
      <Training metadata={detail.metadata} />
    </form>
  );
}

function Own({ text, isTaken, onTake }: { text: string; isTaken: boolean; onTake: () => void }) {
  return (
    <>
      {text}
      {!isTaken && (
        <>
          {" "}
          <button type="button" className="rounded text-primary underline underline-offset-2" onClick={onTake}>
            {t("Use that")}
          </button>
        </>
      )}
    </>
  );
}

/** What the trainer wrote into the file. */
function Training({ metadata }: { metadata: Readonly<Record<string, string>> }) {
  const rows = Object.entries(metadata).sort(([a], [b]) => a.localeCompare(b));
  if (rows.length === 0) return null;
  return (
    <details className="border-t pt-4 text-sm">
      <summary className="rounded-md font-medium">{t("Training metadata")}</summary>
      <dl className="space-y-2 pt-3 text-xs">
        {rows.map(([key, value]) => (
          <div key={key}>
            <dt className="text-muted-foreground">{key}</dt>
            <dd className="max-h-32 overflow-y-auto break-all">{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
