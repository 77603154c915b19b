import type { Translation } from "../catalogue";
import type { usage as English } from "../en/usage";

export const usage: Translation<typeof English> = {
  "{amount} more is set aside for pictures in the making.": "另有 {amount} 为生成中的图片预留。",
  "{amount} of it is free until the end of the month.": "其中 {amount} 本月底前免费。",
  "{email} has {amount} now.": "{email} 现有 {amount}。",
  "{left} of {limit} left": "剩余 {left}，共 {limit}",
  "A negative number takes credit away.": "负数表示扣减余额。",
  Amount: "金额",
  "Buy {amount}": "购买 {amount}",
  "Buy {amount} for {price}": "以 {price} 购买 {amount}",
  "Change it": "更改",
  "Change the credit": "更改余额",
  "Compute time a day": "每日计算时间",
  Corrected: "更正",
  "Credit history": "余额记录",
  Dollars: "美元",
  "Generations an hour": "每小时生成次数",
  "Given back": "退回",
  "It is no amount.": "这不是金额。",
  "Last {count} days, including API keys and cancelled generations. Days are in UTC.":
    "最近 {count} 天，包括 API 密钥和已取消的生成。日期按 UTC 计。",
  "Pictures a day": "每日图片数",
  "Pictures that were not made": "未生成的图片",
  Receipt: "收据",
  "Refreshed.": "已恢复。",
  Remaining: "剩余",
  "Thank you: your credit has arrived.": "谢谢，余额已到账。",
  "Thank you. Your credit arrives when the payment does…": "谢谢，付款到账后余额即到…",
  "The reason is shown in the account's history.": "原因会显示在账户记录中。",
  "Up to 4 pictures cost {amount}; larger ones, more of them or more steps cost more.":
    "最多 4 张图片 {amount}；更大、更多或步数更多则更贵。",
  "Use by day": "每日用量",
  What: "项目",
  "What is counted": "统计内容",
  "You are not logged in: this is counted by your address. Your pictures move to an account when you make one.":
    "未登录：按网络地址统计。创建账户后图片会转入其中。",
  "You get all back {when}.": "{when}全部恢复。",
  "You get the next one back {when}.": "{when}恢复下一次。",
};
