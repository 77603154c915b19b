"use client";
import { Chip } from "@/components/form/Chip";
import { Choice } from "@/components/form/Choice";
import { t } from "@/i18n/t";
import { pictures } from "@/lib/words/quantities";
import { useCollections } from "./api";
import { NewCollection } from "./NewCollection";

const ALL = "";

interface CollectionChipProps {
  /** The id of the chosen one; "": none. */
  value: string;
  onChange: (id: string) => void;
}

/** Chooses the collection that the history shows, and makes new ones. */
export function CollectionChip({ value, onChange }: CollectionChipProps) {
  const collections = useCollections() ?? [];
  const chosen = collections.find(({ id }) => id === value);
  return (
    <Chip name={t("Collection")} value={value === ALL ? t("All") : (chosen?.name ?? "…")}>
      <div className="space-y-2">
        {collections.length > 0 && (
          <Choice
            legend={t("Collection")}
            layout="list"
            items={[
              { value: ALL, label: t("All pictures"), note: t("In a collection or not") },
              ...collections.map(({ id, name, num_images }) => ({
                value: id,
                label: name,
                note: pictures(num_images),
              })),
            ]}
            value={value}
            onChange={onChange}
          />
        )}
        <NewCollection onMade={onChange} />
      </div>
    </Chip>
  );
}
