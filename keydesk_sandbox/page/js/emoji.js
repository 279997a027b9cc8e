// The emoji shortcodes this page draws. An unknown one stays as it was written, as in Slack.
// Unicode calls ℹ a letter; between isolates it does not decide in which direction its line is read.

const MAP = {
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", negative_squared_cross_mark: "❎", no_entry: "⛔",
    no_entry_sign: "🚫",
  warning: "⚠️", rotating_light: "🚨", exclamation: "❗", question: "❓", bangbang: "‼️", information_source: "\u2068ℹ️\u2069",
    bulb: "💡",
  key: "🔑", old_key: "🗝️", lock: "🔒", unlock: "🔓", closed_lock_with_key: "🔐", shield: "🛡️", ticket: "🎫",
    admission_tickets: "🎟️",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", alarm_clock: "⏰", stopwatch: "⏱️", timer_clock: "⏲️", calendar: "📅",
    date: "📅", clock1: "🕐",
  mag: "🔍", mag_right: "🔎", link: "🔗", paperclip: "📎", pushpin: "📌", memo: "📝", pencil: "📝", pencil2: "✏️",
    clipboard: "📋", page_facing_up: "📄",
  bar_chart: "📊", chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", moneybag: "💰", money_with_wings: "💸",
    coin: "🪙", credit_card: "💳",
  anchor: "⚓", bell: "🔔", no_bell: "🔕", mega: "📣", loudspeaker: "📢", speech_balloon: "💬", envelope: "✉️", inbox_tray: "📥",
    outbox_tray: "📤", mailbox_closed: "📪", package: "📦",
  gear: "⚙️", wrench: "🔧", hammer: "🔨", hammer_and_wrench: "🛠️", toolbox: "🧰", robot_face: "🤖", computer: "💻",
    globe_with_meridians: "🌐",
  recycle: "♻️", arrows_counterclockwise: "🔄", repeat: "🔁", wastebasket: "🗑️", skull: "💀", skull_and_crossbones: "☠️",
    coffin: "⚰️", fire: "🔥", bug: "🐛",
  tada: "🎉", sparkles: "✨", rocket: "🚀", star: "⭐", eyes: "👀", wave: "👋", pray: "🙏", thumbsup: "👍", "+1": "👍",
    thumbsdown: "👎", "-1": "👎",
  raised_hand: "✋", hand: "✋", point_right: "👉", ok_hand: "👌", clap: "👏", muscle: "💪", handshake: "🤝", heart: "❤️",
    broken_heart: "💔",
  smile: "😄", slightly_smiling_face: "🙂", thinking_face: "🤔", sweat_smile: "😅", cry: "😢", joy: "😂", scream: "😱",
    sleeping: "😴", zzz: "💤",
  red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡", large_green_circle: "🟢", large_blue_circle: "🔵",
    white_circle: "⚪", black_circle: "⚫",
  arrow_forward: "▶️", arrow_right: "➡️", arrow_left: "⬅️", arrow_up: "⬆️", arrow_down: "⬇️", left_right_arrow: "↔️",
    leftwards_arrow_with_hook: "↩️", heavy_plus_sign: "➕", heavy_minus_sign: "➖",
    zap: "⚡", boom: "💥",
  ghost: "👻", dash: "💨", snowflake: "❄️", seedling: "🌱", building_construction: "🏗️", construction: "🚧",
    octagonal_sign: "🛑", stop_sign: "🛑",
  one: "1️⃣", two: "2️⃣", three: "3️⃣", new: "🆕", ok: "🆗", sos: "🆘", grey_question: "❔", wheel_of_dharma: "☸️",
    test_tube: "🧪", crystal_ball: "🔮",
  bust_in_silhouette: "👤", fast_forward: "⏩", busts_in_silhouette: "👥", female_police_officer: "👮‍♀️", cop: "👮", detective: "🕵️",
    technologist: "🧑‍💻", gift: "🎁", house: "🏠", clock3: "🕒", ledger: "📒",
};

export const emoji = (name) => (Object.hasOwn(MAP, name) ? MAP[name] : null);

/** Replaces the known `:shortcodes:` in a text. */
export const withEmoji = (text) =>
  text.replace(/:([a-z0-9_+-]{1,40}):(?::skin-tone-\d:)?/g, (whole, name) => emoji(name) ?? whole);
