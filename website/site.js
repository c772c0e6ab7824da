// What the theme leaves undone for keyboard and screen reader: what scrolls sideways can be reached, and no two landmarks have one name.

function mend() {
  for (const box of document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])")) if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  document.querySelectorAll(".md-code__nav").forEach((nav, number) => nav.setAttribute("aria-label", `Code ${number + 1}`));
  const taken = new Set();
  for (const nav of document.querySelectorAll("nav[aria-label]:not(.md-code__nav)")) {
    const name = nav.getAttribute("aria-label");
    if (taken.has(name)) nav.setAttribute("aria-label", `${name} (${taken.size})`);
    taken.add(nav.getAttribute("aria-label"));
  }
  for (const nav of document.querySelectorAll("nav[aria-labelledby]")) {
    const name = document.getElementById(nav.getAttribute("aria-labelledby"))?.textContent.trim().replace(/\s+/g, " ");
    nav.removeAttribute("aria-labelledby");
    nav.setAttribute("aria-label", `Pages: ${name}`);
  }
}

new MutationObserver(mend).observe(document.body, { childList: true, subtree: true });
mend();
