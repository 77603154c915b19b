import type { Translation } from "../catalogue";
import type { edit as English } from "../en/edit";

export const edit: Translation<typeof English> = {
  "{percent} % of the picture selected": "已选中图片的 {percent} %",
  "{x} from the left, {y} from the top": "距左 {x}，距上 {y}",
  "Begin with": "起始内容",
  Brush: "画笔",
  "Brush size": "画笔大小",
  Canvas: "画布",
  "Colors around": "周围颜色",
  "Edit picture": "编辑图片",
  Eraser: "橡皮擦",
  "How much the painted part changes. At 1 nothing of it is kept.": "涂抹部分的改动幅度。为 1 时完全重绘。",
  Invert: "反选",
  "Less than 1 % of the picture selected": "选中不到图片的 1 %",
  "Makes this part alone, at full size, and puts it back: more detail for small things.":
    "仅以全尺寸生成此部分再贴回，小物体细节更丰富。",
  Noise: "噪声",
  "Nothing selected. Paint over what should change.": "尚未选择。请涂抹要改变的部分。",
  "Only the painted area": "仅涂抹区域",
  "Paint over what should change first.": "请先涂抹要改变的部分。",
  "Paint over what should change. Arrow keys move the brush, with Shift further. Enter or the space bar paints a dot; hold the space bar and press arrow keys to paint a line. B and E choose brush and eraser, [ and ] change the size, I inverts, Ctrl+Z takes back.":
    "涂抹要改变的部分。方向键移动画笔，按住 Shift 移动更远。Enter 或空格键画一个点；按住空格键并按方向键画线。B 和 E 切换画笔与橡皮擦，[ 和 ] 改变大小，I 反选，Ctrl+Z 撤销。",
  "Pixels over which the new part fades into the picture.": "新内容与原图过渡的像素数。",
  Redo: "重做",
  "Soft edge": "羽化",
  "The painted part": "涂抹的部分",
  Tools: "工具",
};
