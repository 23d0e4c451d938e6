// Finding and making nodes. Takes and views are found by class names alone, because a front end
// leaves nothing else in an output that it does not trust.

const TAKE = "soundpiece-take";
const VIEW = "soundpiece-view";
const OURS = "data-soundpiece";

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "boolean") made.toggleAttribute(name, value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function takeOf(node) {
  const match = /\bsoundpiece-at-([0-9a-f-]{36})-(\d+)/.exec(node.className);
  return match && { key: match[1], take: Number(match[2]), id: `${match[1]}-${match[2]}` };
}

function viewOf(node) {
  const match = /\bsoundpiece-is-(\S+)/.exec(node.className);
  return match && match[1];
}

function loudnessOf(node) {
  const match = /\bsoundpiece-lufs([+-][\d.]+)/.exec(node.className);
  return match && Number(match[1]);
}

function within(nodes, name) {
  return [...nodes].flatMap((node) =>
    node.nodeType !== Node.ELEMENT_NODE
      ? []
      : [...(node.classList.contains(name) ? [node] : []), ...node.querySelectorAll(`.${name}`)],
  );
}

// The attribute that turns off a notebook's one-key shortcuts where a person types or chooses.
const SUPPRESSED = "data-lm-suppress-shortcuts";
const TYPING = { [SUPPRESSED]: "true" };

// Ctrl+S still saves the notebook: the attribute is taken away while it is pressed.
function letSave(event) {
  const ours = event.target.closest?.(`[${OURS}]`);
  if (!ours) return;
  const saves = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s";
  if (saves) ours.removeAttribute(SUPPRESSED);
  else ours.setAttribute(SUPPRESSED, "true");
}
