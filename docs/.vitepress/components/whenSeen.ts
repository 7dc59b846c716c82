/** Widgets compute when they come near the window, so that a page with many of them opens at once. */
import { onMounted, onUnmounted, type Ref } from "vue";

/** How near, in pixels. */
const NEAR = "300px";

/** Calls a function once, when an element is first near the window. */
export function whenSeen(element: Readonly<Ref<Element | null>>, call: () => void): void {
  let observer: IntersectionObserver | null = null;
  onMounted(() => {
    observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        observer?.disconnect();
        call();
      },
      { rootMargin: NEAR },
    );
    if (element.value !== null) observer.observe(element.value);
  });
  onUnmounted(() => observer?.disconnect());
}
