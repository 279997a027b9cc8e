// The App Home tab of the app, as it was published for the person who is played.

import { drawBlocks } from "./blocks.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { isAppDm, store } from "./store.js";
import { hrefFor } from "./sidebar.js";
import { tr } from "./words.js";

export function home() {
  const view = store.state.home;
  const messages = store.state.channels.find(isAppDm);
  return h("main", { class: "middle", key: "home", "data-testid": "home-view" },
    h("header", { class: "channel-header" }, h("h1", {}, icon("home", 18), tr("App Home")),
      messages && h("nav", { class: "tabs", "aria-label": "App" },
        h("a", { class: "here", "aria-current": "page", href: hrefFor(store.me, "home") }, tr("Home")),
        h("a", { href: hrefFor(store.me, messages.id) }, tr("Messages")))),
    h("div", { class: "scroll" }, h("div", { class: "home-blocks" },
      view ? drawBlocks(placeOf(view), view.blocks) : empty())));
}

const placeOf = (view) => ({ id: view.id ?? "home", kind: "view", target: { view_id: view.id }, values: view.values,
  errors: view.errors ?? {} });

const empty = () => h("div", { class: "nothing" }, icon("home", 28),
  h("p", {}, "The app has not published a Home for this person."));
