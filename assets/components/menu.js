// On a phone the menu of pages lies over the page: it closes when a page was chosen.
if (!window.odtMenu) {
  window.odtMenu = true;
  document.addEventListener("click", (e) => {
    if (!e.target.closest?.('[data-testid="stSidebarNavLink"]')) return;
    setTimeout(() => document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click(), 0);
  });
}
