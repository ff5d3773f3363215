// Fields that suggest colleagues while one types: the arrows choose, Enter takes, Escape leaves what was typed.
const all = (selector, root) => Array.from(root.querySelectorAll(selector));
const listOf = (field) => document.getElementById(field.getAttribute("aria-controls"));
const fieldOf = (list) => document.querySelector(`[aria-controls="${list.id}"]`);
const offer = (field, open) => {
  listOf(field).hidden = !open;
  field.setAttribute("aria-expanded", String(open));
  if (!open) field.removeAttribute("aria-activedescendant");
};
const mark = (field, option) => {
  all("[role=option]", listOf(field)).forEach((each) => { each.classList.toggle("on", each === option); each.setAttribute("aria-selected", String(each === option)); });
  field.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
};
const take = (field, option) => {
  if (option && option.dataset.value) { field.value = option.dataset.value; field.dispatchEvent(new Event("change", { bubbles: true })); }
  offer(field, false);
};
document.addEventListener("htmx:afterSwap", (event) => {
  const list = event.target;
  if (!list.matches(".combo-l") || document.activeElement !== fieldOf(list)) return;
  all("[role=option]", list).forEach((option, at) => { option.id = list.id + at; });
  offer(fieldOf(list), true);
  const found = all("[data-value]", list).length;
  document.getElementById("live").textContent = found ? found + " suggestions" : list.textContent.trim();
});
document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (!field.matches(".drop > [role=combobox]")) return;
  const shown = !listOf(field).hidden, options = all("[data-value]", listOf(field));
  const at = options.findIndex((option) => shown && option.classList.contains("on"));
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    if (!shown) field.dispatchEvent(new Event("suggest"));
    else if (options.length) mark(field, options[at < 0 ? (step > 0 ? 0 : options.length - 1) : (at + step + options.length) % options.length]);
  } else if (shown && event.key === "Enter") { event.preventDefault(); take(field, options[at]); }
  else if (shown && event.key === "Escape") { event.preventDefault(); offer(field, false); }
});
document.addEventListener("mousedown", (event) => {
  const option = event.target.closest(".combo-l [role=option]");
  if (option) { event.preventDefault(); take(fieldOf(option.parentNode), option); }
});
document.addEventListener("focusout", (event) => { if (event.target.matches(".drop > [role=combobox]")) offer(event.target, false); });
