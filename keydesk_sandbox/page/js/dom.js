// A small virtual tree: h() describes, render() makes the document agree with as few changes as it can.
// Why not innerHTML: every text here may come from a stranger, and a redraw must not take the focus, the
// caret or half a word from somebody who types while a live update arrives. Knows nothing of Slack.

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "path", "circle", "rect", "line", "polyline"]);
const PROPERTIES = new Set(["checked", "disabled", "selected", "readOnly", "inert", "indeterminate", "open", "hidden"]);

/** Describes one element. `props.key` keeps its identity among siblings over redraws. */
export function h(tag, props, ...children) {
  return { tag, props: props ?? {}, key: props?.key, children: normalize(children) };
}

function normalize(children) {
  const flat = [];
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === true || child === "") continue;
    flat.push(typeof child === "object" ? child : { tag: null, text: String(child), props: {}, children: [] });
  }
  return flat;
}

/** Makes the children of `root` equal to what `vnodes` describe. */
export function render(root, ...vnodes) {
  const mounted = [];
  patchChildren(root, normalize(vnodes), mounted);
  for (const [hook, element] of mounted) hook(element);
}

function patchChildren(parent, next, mounted) {
  const keyed = new Map();
  const loose = new Map();
  for (const node of [...parent.childNodes]) {
    const old = node.vnode;
    const id = `${old?.tag} ${old?.key}`;
    if (!old || keyed.has(id)) unmount(node); // not ours, or a key that stood there twice
    else if (old.key !== undefined) keyed.set(id, node);
    else loose.set(kind(old), [...(loose.get(kind(old)) ?? []), node]);
  }
  const placed = next.map((vnode) => {
    const id = `${vnode.tag} ${vnode.key}`;
    const reused = vnode.key === undefined ? loose.get(kind(vnode))?.shift() : keyed.get(id);
    keyed.delete(id);
    return { node: reused, vnode };
  });
  // Leftovers go first: the rest then stays where it is, and what has the focus is never moved.
  for (const node of [...keyed.values(), ...[...loose.values()].flat()]) unmount(node);
  let cursor = parent.firstChild;
  for (const { node, vnode } of placed) {
    const element = node ?? create(vnode);
    if (element === cursor) cursor = cursor.nextSibling;
    else parent.insertBefore(element, cursor);
    patch(element, vnode, mounted);
    if (!node && vnode.props.onmount) mounted.push([vnode.props.onmount, element]);
  }
}

// Without a key, an element goes on as one of the same tag and first class, so that something new beside a field
// does not take the field's place.
const kind = (vnode) => `${vnode.tag} ${vnode.props.class?.split(" ")[0] ?? ""}`;

function create(vnode) {
  if (vnode.tag === null) return document.createTextNode(vnode.text);
  return SVG_TAGS.has(vnode.tag) ? document.createElementNS(SVG, vnode.tag) : document.createElement(vnode.tag);
}

function unmount(node) {
  if (node.contains(document.activeElement)) document.activeElement.blur();
  node.remove();
}

function patch(element, vnode, mounted) {
  const old = element.vnode;
  element.vnode = vnode;
  if (vnode.tag === null) {
    if (element.data !== vnode.text) element.data = vnode.text;
    return;
  }
  for (const name of Object.keys(old?.props ?? {})) if (!(name in vnode.props)) setProp(element, name, undefined);
  patchChildren(element, vnode.children, mounted);
  for (const [name, value] of Object.entries(vnode.props)) {
    if (name === "value" || PROPERTIES.has(name) || old?.props[name] !== value) setProp(element, name, value);
  }
}

function setProp(element, name, value) {
  if (name === "key" || name === "onmount") return;
  if (name === "value") setValue(element, value);
  else if (name.startsWith("on")) element[name] = value ?? null;
  else if (name === "style") setStyle(element, value ?? {});
  else if (PROPERTIES.has(name)) {
    if (element[name] !== Boolean(value)) element[name] = Boolean(value);
  } else if (value === undefined || value === null || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

// The person at the keyboard owns a field while the caret is in it, and until what was typed has arrived.
function setValue(element, value) {
  const wanted = value ?? "";
  if (element.value === wanted || element === document.activeElement || element.dataset.unsent) return;
  element.value = wanted;
}

function setStyle(element, style) {
  for (const name of [...element.style]) if (!(name in style)) element.style.removeProperty(name);
  for (const [name, value] of Object.entries(style)) element.style.setProperty(name, value);
}
