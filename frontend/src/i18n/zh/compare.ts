import type { Translation } from "../catalogue";
import type { compare as English } from "../en/compare";

export const compare: Translation<typeof English> = {
  "{count} prompts": { other: "{count} 条提示词" },
  "{count} seeds": { other: "{count} 个种子" },
  "{count} variants": { other: "{count} 个变体" },
  "{name} is listed twice.": "{name} 重复了。",
  "{prompt}: a column for each variant, a row for each seed": "{prompt}：每个变体一列，每个种子一行",
  "{prompt}: plus, minus, zero and the arrow keys zoom and move all pictures":
    "{prompt}：加号、减号、零和方向键可缩放并移动所有图片",
  "{sum}: {count} pictures, as one job.": "{sum}：共 {count} 张图片，作为一个任务。",
  "Add a prompt": "添加提示词",
  "Add a seed.": "请添加种子。",
  "Add a variant": "添加变体",
  "Add a variant.": "请添加变体。",
  "Contact sheet": "总览图",
  favorites: "个收藏",
  "favorites, the most": "个收藏，最多",
  "LoRA of variant {number}": "变体 {number} 的 LoRA",
  "New comparison": "新建对比",
  "One column per variant. Leave the weight empty for the LoRA's default.":
    "每个变体一列。权重留空则使用 LoRA 的默认值。",
  "One row per seed.": "每个种子一行。",
  "Open {name}": "打开 {name}",
  "Prompt {number}": "提示词 {number}",
  Prompts: "提示词",
  "Remove prompt {number}": "移除提示词 {number}",
  "Remove variant {number}": "移除变体 {number}",
  "Roll new seeds": "随机新种子",
  "See LoRA versions and weights side by side, with the same prompts and seeds.":
    "用相同的提示词和种子并排对比 LoRA 的版本与权重。",
  Seeds: "随机种子",
  "Seeds are whole numbers from 0 to 18446744073709551615.": "种子为 0 到 18446744073709551615 的整数。",
  "That is {count} pictures, and a comparison holds {max}: they are made side by side, as one job. Take out a prompt, a seed or a variant.":
    "共 {count} 张图片，而一次对比最多 {max} 张：它们作为一个任务并排生成。请去掉一条提示词、一个种子或一个变体。",
  "There is no such comparison here any more.": "此对比已不存在。",
  "This job isn't a comparison.": "此任务不是对比。",
  "Weight of variant {number}": "变体 {number} 的权重",
  "What should every variant show?": "每个变体应展示什么？",
  "Write a prompt.": "请输入提示词。",
};
