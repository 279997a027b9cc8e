// What Slack itself says around an app, in the language of the person who is played, as far as it stands here. The
// workspace's own names and the gateway panel are English.

import { me } from "./store.js";

// Which of these a person's locale gets; all others read English. Digits and calendar as the app writes them.
const LOCALES = { "ar": "ar-u-ca-gregory-nu-latn", "zh-tw": "zh-TW", "zh-hk": "zh-TW", "zh": "zh-CN" };
export const ENGLISH = "en-GB";

// English → Traditional Chinese, Simplified Chinese, Arabic.
const WORDS = {
  "Only visible to you": ["只有您看得到", "仅您可见", "مرئية لك وحدك"],
  "(edited)": ["（已編輯）", "（已编辑）", "(معدَّلة)"],
  "(optional)": ["（選填）", "（选填）", "(اختياري)"],
  "just now": ["剛剛", "刚刚", "الآن"],
  "1 reply": ["1 則回覆", "1 条回复", "رد واحد"],
  "{count} replies": ["{count} 則回覆", "{count} 条回复", "الردود: {count}"],
  "last {when}": ["最後回覆：{when}", "最后回复：{when}", "آخرها {when}"],
  "Reply…": ["回覆…", "回复…", "رد…"],
  "Message {where}": ["傳訊息到 {where}", "发消息到 {where}", "رسالة إلى {where}"],
  "Nothing has been said in {where} yet.": ["{where} 還沒有任何訊息。", "{where} 还没有任何消息。", "لا رسائل بعد في {where}."],
  "Choose one…": ["請選擇…", "请选择…", "اختر…"],
  "Choose…": ["請選擇…", "请选择…", "اختر…"],
  "Add another…": ["再加一個…", "再加一个…", "إضافة آخر…"],
  "Search…": ["搜尋…", "搜索…", "بحث…"],
  "Loading…": ["載入中…", "加载中…", "جارٍ التحميل…"],
  "Nothing found": ["找不到結果", "没有结果", "لا نتائج"],
  "Cancel": ["取消", "取消", "إلغاء"],
  "Close": ["關閉", "关闭", "إغلاق"],
  "Yes": ["是", "是", "نعم"],
  "You are": ["您是", "您是", "أنت"],
  "App Home": ["應用程式首頁", "应用主页", "صفحة التطبيق"],
  "Home": ["首頁", "主页", "الصفحة الرئيسية"],
  "Messages": ["訊息", "消息", "الرسائل"],
  "Channels": ["頻道", "频道", "القنوات"],
  "Apps": ["應用程式", "应用", "التطبيقات"],
  "Direct messages": ["私訊", "私信", "الرسائل المباشرة"],
  "First steps": ["第一步", "第一步", "الخطوات الأولى"],
  "{name}, the engineer": ["工程師 {name}", "工程师 {name}", "{name} (هندسة)"],
  "{name}, the manager": ["主管 {name}", "主管 {name}", "{name} (إدارة)"],
  "Type {command} as {who}, and ask for a key.": ["以{who} 輸入 {command} ，申請一個金鑰。", "以{who} 输入 {command} ，申请一个密钥。",
    "اكتب {command} باسم {who}، واطلب مفتاحًا."],
  "Switch to {who}, at the top left, and decide in the channel.": ["在左上角切換成{who}，在頻道中決定。", "在左上角切换为{who}，在频道中决定。",
    "انتقل إلى {who} من أعلى اليسار، وابتّ في الطلب في القناة."],
  "Watch the key appear at the gateway on the right; then let something go wrong there.": ["看金鑰出現在右邊的閘道；然後在那裡讓事情出錯。",
    "看密钥出现在右边的网关；然后在那里让事情出错。", "شاهد المفتاح يظهر في البوابة على اليمين؛ ثم دع شيئًا يتعطّل هناك."],
};
const COLUMN = { "zh-TW": 0, "zh-CN": 1, [LOCALES.ar]: 2 };

/** The locale in which dates and these words are written for the person who is played. */
export function locale() {
  const own = (me()?.locale ?? "").toLowerCase();
  return LOCALES[own] ?? LOCALES[own.split("-")[0]] ?? ENGLISH;
}

/** The English words in that person's language, `{name}` replaced by the value of that name. */
export function tr(english, values = {}) {
  return parts(english, values).join("");
}

/** The same as a list of texts and nodes. */
export function parts(english, values) {
  const text = WORDS[english]?.[COLUMN[locale()]] ?? english;
  const found = text.split(/(\{\w+\})/).map((part) => values[part.slice(1, -1)] ?? part);
  // The page goes from left to right: an Arabic text in it, and each value in that, keeps its own order.
  if (locale() !== LOCALES.ar) return found;
  return ["\u2067", ...found.map((one, at) => (at % 2 && typeof one !== "object" ? `\u2068${one}\u2069` : one)), "\u2069"];
}
