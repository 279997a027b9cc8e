// Talks to the sandbox: fetches the state, sends what the person does, listens for changes.
// The only file that uses fetch. Shapes: the sandbox page's API, see keydesk_sandbox/fake_slack and keydesk_sandbox/panel.py.

import { changed, setUi, store, ui } from "./store.js";

const BASE = "/sandbox/api/";
// What the app did wrong: the sandbox's Slack shows it itself, as a notice or as the banner of the modal.
const SHOWN_BY_SLACK = new Set(["timeout", "unreachable", "http_error", "not_sent", "bad_answer"]);
const GATEWAY_EVERY = 1500; // the gateway's records change without telling anybody

async function ask(path, options) {
  const answer = await fetch(BASE + path, options);
  const body = await answer.json().catch(() => ({ ok: false, error: `HTTP ${answer.status}` }));
  return body;
}

/** Sends one thing the person did. A refusal is shown at the foot of the page; the answer is returned as it is. */
export async function post(path, body) {
  let answer;
  try {
    answer = await ask(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(path.startsWith("gateway/") ? { ...account(), ...body } : { as: store.me, ...body }),
    });
  } catch {
    answer = { ok: false, error: "The sandbox does not answer. Is `keydesk sandbox` still running?" };
  }
  if (answer.ok === false && answer.error && !SHOWN_BY_SLACK.has(answer.error)) complain(answer.error);
  void refresh();
  if (path.startsWith("gateway")) void refreshGateway();
  return answer;
}

function complain(error) {
  const id = `page-${Date.now()}`;
  setUi("complaints", [...ui("complaints", []), { id, text: error }].slice(-3));
  setTimeout(() => dismissComplaint(id), 8000);
}

export function dismissComplaint(id) {
  setUi("complaints", ui("complaints", []).filter((one) => one.id !== id));
}

// ---- state ----
let fetching = null;
let again = false;
let retry = null;

/** Fetches the state anew; resolves when a state asked for after this call has been drawn. */
export function refresh() {
  if (fetching) {
    again = true;
    return fetching;
  }
  fetching = (async () => {
    do {
      again = false;
      await fetchState();
    } while (again);
  })().finally(() => {
    fetching = null;
  });
  return fetching;
}

async function fetchState() {
  try {
    store.me ??= (await ask("first")).id;
    const asked = store.me;
    const state = await ask(`state?as=${encodeURIComponent(asked)}`);
    if (!Array.isArray(state.people)) {
      store.me = null; // nobody of that name: begin with the first person again
      throw new Error(state.error ?? "no state");
    }
    if (asked !== store.me) {
      again = true; // the person was switched meanwhile: this answer belongs to somebody else
      return;
    }
    store.skew = state.now - Date.now() / 1000;
    store.openedAt ||= state.now;
    store.state = state;
    store.online = true;
  } catch {
    store.online = false;
    clearTimeout(retry);
    retry = setTimeout(refresh, 2000);
  }
  changed();
}

// Which of several accounts the panel shows; what is done there is done to that one.
const account = () => (ui("account") ? { account: ui("account") } : {});

export async function refreshGateway() {
  try {
    const gateway = await ask(`gateway?${new URLSearchParams(account())}`);
    if (Array.isArray(gateway.keys)) {
      const before = store.gateway;
      store.gateway = gateway;
      noteChanges(before, gateway);
      changed();
    }
  } catch {
    // The state's own fetch says that the sandbox is gone; once is enough.
  }
}

const comparable = (key) => JSON.stringify([key.status, key.state, key.deleted, key.name, key.remain_quota,
  key.used_quota,
  key.unlimited_quota, key.expired_time, key.model_limits_enabled, key.model_limits, key.allow_ips, key.group]);

function noteChanges(before, after) {
  if (before?.account !== after.account) return;
  const old = new Map(before.keys.map((key) => [key.id, comparable(key)]));
  for (const key of after.keys) {
    if (old.get(key.id) === comparable(key)) continue;
    setUi(`flash ${key.id}`, ui(`flash ${key.id}`, 0) + 1);
  }
}

function news() {
  void refresh();
  void refreshGateway();
}

/**
 * Starts listening. Every event says only that something changed; the state is fetched anew.
 * A browser has six connections to one server, and an event stream holds one for good: so of all windows one listens,
 * whichever holds the lock, and tells the others.
 */
export function listen() {
  const windows = new BroadcastChannel("changes");
  windows.onmessage = news;
  const follow = () => {
    const events = new EventSource(`${BASE}events`);
    events.onmessage = () => {
      windows.postMessage("changed");
      news();
    };
    events.onerror = () => void refresh();
    return new Promise(() => {}); // the lock is held until the window is closed
  };
  if (navigator.locks) void navigator.locks.request("events", follow);
  else follow();
  setInterval(() => {
    if (!document.hidden) void refreshGateway();
  }, GATEWAY_EVERY);
  setInterval(changed, 30_000); // relative times grow old
}
