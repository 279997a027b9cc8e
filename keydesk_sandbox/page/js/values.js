// What the fields of views and messages hold, and how a change travels to the sandbox.
//
// A `place` is where blocks stand: {id, kind: "view"|"message", target, values, errors}; `target` is what the API
// calls it: {view_id} or {channel, ts}. A value is what the API takes: a string, a list of strings, or null.
// What the person just did is shown at once (`local`), until the sandbox has confirmed it.

import { post, refresh } from "./api.js";
import { changed } from "./store.js";

const TYPING_PAUSE = 180; // milliseconds without a key press before a text is sent

const STATE_FIELD = {
  static_select: "selected_option", external_select: "selected_option", radio_buttons: "selected_option",
    overflow: "selected_option",
  multi_static_select: "selected_options", multi_external_select: "selected_options", checkboxes: "selected_options",
  users_select: "selected_user", multi_users_select: "selected_users",
  channels_select: "selected_channel", multi_channels_select: "selected_channels",
  conversations_select: "selected_conversation", multi_conversations_select: "selected_conversations",
  rich_text_input: "rich_text_value", datepicker: "selected_date", timepicker: "selected_time",
    datetimepicker: "selected_date_time",
};

const local = new Map();
const waiting = new Map(); // texts whose typist has not paused yet: name → {timer, go}
const chains = new Map(); // one after the other within a place, so that the last word wins

const nameOf = (place, block, element) => `${place.id} ${block.block_id} ${element.action_id}`;
export const isMulti = (element) => element.type.startsWith("multi_") || element.type === "checkboxes";

/** The raw state or initial value of an element, as Slack spells it: an option object, a list, a string. */
function raw(place, block, element) {
  const field = STATE_FIELD[element.type] ?? "value";
  const stored = place.values?.[block.block_id]?.[element.action_id];
  if (stored) return stored[field] ?? null;
  return element[field.startsWith("selected_") ? field.replace("selected_", "initial_") : "initial_value"] ?? null;
}

function wire(one) {
  if (one === null || one === undefined) return null;
  if (one.type === "rich_text") return one.elements.map(words).join("\n");
  return String(typeof one === "object" ? one.value : one);
}

const words = (one) => one.text ?? (one.elements ?? []).map(words).join("");

/** The value shown now: a string or null; for multi selects and checkboxes always a list. */
export function valueOf(place, block, element) {
  const name = nameOf(place, block, element);
  if (local.has(name)) return local.get(name).value;
  const value = raw(place, block, element);
  if (isMulti(element)) return (value ?? []).map(wire);
  return wire(value);
}

/** Option objects that came with the value: they hold the labels of choices that no list knows any more. */
export const chosenOptions = (place, block, element) =>
  [raw(place, block, element)].flat().filter((one) => one && typeof one === "object");

/** Sends a choice or a finished text. Resolves when the sandbox has answered. */
export function send(place, block, element, value, extra = {}) {
  const name = nameOf(place, block, element);
  cancelWaiting(name);
  const entry = { value };
  local.set(name, entry);
  changed();
  const path = place.kind === "view" && block.type === "input" ? "input" : "click";
  const body = { ...place.target, block_id: block.block_id, action_id: element.action_id, value, ...extra };
  const sent = (chains.get(place.id) ?? Promise.resolve()).then(async () => {
    const answer = await post(path, body);
    await refresh();
    // A message's fields have no stored state: what was chosen stays chosen for as long as the page is open.
    if (local.get(name) === entry && place.kind === "view") local.delete(name);
    changed();
    return answer;
  });
  chains.set(place.id, sent);
  return sent;
}

// Slack tells the app of a dispatching text field at Enter, unless the field asks for every character.
const tellsAtEnter = (block, element) =>
  block.dispatch_action && !element.dispatch_action_config?.trigger_actions_on?.includes("on_character_entered");

/** Takes note of a text while it is typed, and sends it at the next pause. */
export function typed(place, block, element, value) {
  const name = nameOf(place, block, element);
  cancelWaiting(name);
  local.set(name, { value });
  const quiet = tellsAtEnter(block, element);
  const go = () => send(place, block, element, value === "" ? null : value, quiet ? { dispatch: false } : {});
  waiting.set(name, { go, timer: quiet ? null : setTimeout(go, TYPING_PAUSE) });
  changed();
}

function cancelWaiting(name) {
  clearTimeout(waiting.get(name)?.timer);
  waiting.delete(name);
}

/** Sends everything typed in a place and waits until the sandbox has it: to be awaited before a submission. */
export async function settled(place) {
  for (const [name, { go }] of [...waiting]) if (name.startsWith(`${place.id} `)) void go();
  await chains.get(place.id);
}

/** A click on a button, or a choice from an overflow menu. */
export const click = (place, block, element, value) =>
  post("click", { ...place.target, block_id: block.block_id, action_id: element.action_id,
    ...(value === undefined ? {} : { value }) });
