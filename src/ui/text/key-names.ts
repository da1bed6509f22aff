/** A group of keys with descriptions. Loaded on demand. */
interface KeyNames {
  readonly title: string;
  /** The keys and their descriptions. */
  readonly keys: readonly (readonly [keys: string, does: string])[];
}

const en: readonly KeyNames[] = [
  {
    title: "Run",
    keys: [
      ["?", "these keys"],
      ["[ ]", "previous, next attempt"],
      ["{ }", "previous, next metric"],
      ["1 … 9", "container"],
      ["0", "all containers"],
      ["c", "compare, and back"],
      ["r", "the raw log, in a new tab"],
    ],
  },
  {
    title: "Log",
    keys: [
      ["e E", "next, previous error"],
      ["w W", "next, previous warning"],
      ["/", "find"],
      ["n N", "next, previous match, or difference"],
      ["&", "only matches, or differences"],
      [":", "go to a line or time"],
      ["g G", "top, end (and follow)"],
      ["Ctrl-d u", "half a page down, up"],
      ["PgDn Up", "a page down, up"],
      ["f", "follow"],
      ["z", "wrap"],
      ["t", "how times are shown"],
      ["o O", "fold a group, all groups"],
    ],
  },
  {
    title: "Lines",
    keys: [
      ["j k", "down, up"],
      ["x", "select a line"],
      ["X", "select up to a line"],
      ["y", "copy the selected lines"],
      ["Y", "copy a link to them"],
      ["p", "whole line, JSON formatted"],
      ["m", "mark or unmark"],
      ["u U", "next, previous mark"],
      ["Esc", "clear, back"],
    ],
  },
];

const zh: readonly KeyNames[] = [
  {
    title: "运行",
    keys: [
      ["?", "显示这些按键"],
      ["[ ]", "上一次、下一次尝试"],
      ["{ }", "上一个、下一个指标"],
      ["1 … 9", "容器"],
      ["0", "所有容器"],
      ["c", "比较、返回"],
      ["r", "在新标签页中打开原始日志"],
    ],
  },
  {
    title: "日志",
    keys: [
      ["e E", "下一个、上一个错误"],
      ["w W", "下一个、上一个警告"],
      ["/", "查找"],
      ["n N", "下一个、上一个匹配或差异"],
      ["&", "只显示匹配或差异"],
      [":", "跳到某一行或某个时间"],
      ["g G", "开头、末尾（并跟随）"],
      ["Ctrl-d u", "向下、向上半页"],
      ["PgDn Up", "向下、向上一页"],
      ["f", "跟随"],
      ["z", "自动换行"],
      ["t", "时间的显示方式"],
      ["o O", "折叠一组、所有组"],
    ],
  },
  {
    title: "行",
    keys: [
      ["j k", "向下、向上"],
      ["x", "选择一行"],
      ["X", "选择到某一行"],
      ["y", "复制所选的行"],
      ["Y", "复制指向它们的链接"],
      ["p", "完整显示，展开 JSON"],
      ["m", "标记或取消标记"],
      ["u U", "下一个、上一个标记"],
      ["Esc", "清除，返回"],
    ],
  },
];

/** @param language a code such as `en-GB` or `zh-CN`. */
export function keyNames(language: string): readonly KeyNames[] {
  return language.startsWith("zh") ? zh : en;
}
