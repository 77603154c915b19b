"""Provenance metadata of every image file: it was made by a model.

XMP with IPTC's DigitalSourceType, which search engines, editors and social networks read.
https://www.iptc.org/std/photometadata/specification/IPTC-PhotoMetadata#digital-source-type
"""

TRAINED_ALGORITHMIC_MEDIA = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
PACKET_ID = "W5M0MpCehiHzreSzNTczkc9d"  # the same in every XMP packet, by its specification

XMP = f"""<?xpacket begin="\N{ZERO WIDTH NO-BREAK SPACE}" id="{PACKET_ID}"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    Iptc4xmpExt:DigitalSourceType="{TRAINED_ALGORITHMIC_MEDIA}"/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""
